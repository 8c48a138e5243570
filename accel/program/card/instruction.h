// SPDX-License-Identifier: Apache-2.0
//
// The instructions of a card as plain structs, and their encoding as one beat of sixteen 32-bit
// words. accel/rtl/doc/instruction-set.md says what every field means; the names are the same.
//
//   CardInstruction instruction = {.operation = VectorInstruction{.normalize = true, ...}};
//   instruction.WaitFor(Unit::kLoad, 3);
//   absl::StatusOr<InstructionWords> words = EncodeInstruction(instruction, config);
//   absl::StatusOr<CardInstruction> again = DecodeInstruction(*words, config);
//
// Pure functions on plain values. Words from outside are untrusted: DecodeInstruction makes every
// check that the hardware's dispatcher makes before it looks at other instructions or at memory.
#ifndef ACCEL_PROGRAM_CARD_INSTRUCTION_H_
#define ACCEL_PROGRAM_CARD_INSTRUCTION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/card_error.h"

namespace sta::card {

inline constexpr int64_t kInstructionSetVersion = 1;
inline constexpr int64_t kMaxInstructions = 65535;
// windows * steps of a MATMUL: the step words of a channel block.
inline constexpr int64_t kMaxStepWords = 512;
// Most channel blocks and token groups of one instruction.
inline constexpr int64_t kMaxChannelBlocks = (int64_t{1} << 12) - 1;
inline constexpr int64_t kMaxTokenGroups = (int64_t{1} << 12) - 1;

enum class CardOpcode : uint8_t {
  kLoad = 1,
  kStore = 2,
  kMatmul = 3,
  kVector = 4,
  kAttention = 5,
  kEnd = 6
};

// Units run side by side, each in order.
enum class Unit : uint8_t { kLoad, kEngine, kVector, kStore };
inline constexpr size_t kUnitCount = 4;

enum class TransferDirection : uint8_t { kLoad, kStore };

struct TransferInstruction {
  TransferDirection direction = TransferDirection::kLoad;
  int64_t memory_beat = 0;
  int64_t beats = 1;
  int64_t residual_beat = 0;

  friend bool operator==(const TransferInstruction&, const TransferInstruction&) = default;
};

enum class MatmulDestination : uint8_t { kActivations = 0, kKeyValue = 1, kResidual = 2 };

struct MatmulInstruction {
  bool gelu = false;
  bool indexed = false;
  MatmulDestination destination_buffer = MatmulDestination::kActivations;
  int64_t weight_beat = 0;
  int64_t windows = 1;
  int64_t steps = 1;
  int64_t channel_blocks = 1;
  int64_t token_groups = 1;
  int64_t source_row = 0;
  int64_t source_stride = 0;
  int64_t destination = 0;
  int64_t destination_stride = 0;
  int64_t granule_row_stride = 0;  // 0 but for kResidual

  friend bool operator==(const MatmulInstruction&, const MatmulInstruction&) = default;
};

struct VectorInstruction {
  bool normalize = false;
  bool view = false;
  int64_t parameter_beat = 0;
  int64_t channel_blocks = 1;
  int64_t token_groups = 1;
  int64_t channels = 1;
  int64_t source_granule = 0;
  int64_t destination_row = 0;
  int64_t destination_stride = 0;
  int64_t mean_reciprocal = 0;
  int64_t epsilon = 1;

  friend bool operator==(const VectorInstruction&, const VectorInstruction&) = default;
};

struct AttentionInstruction {
  int64_t heads = 1;
  int64_t head_steps = 1;
  int64_t head_value_blocks = 1;
  int64_t key_count = 1;
  int64_t query_groups = 1;
  int64_t query_row = 0;
  int64_t query_stride = 0;
  int64_t key_tile = 0;
  int64_t key_stride = 0;
  int64_t value_tile = 0;
  int64_t value_stride = 0;
  int64_t context_row = 0;
  int64_t context_stride = 0;
  int64_t probability_row = 0;
  int64_t logit_shift = 0;
  int64_t context_shift = 0;
  int64_t logit_multiplier = 0;
  int64_t context_multiplier = 1;

  friend bool operator==(const AttentionInstruction&, const AttentionInstruction&) = default;
};

struct EndInstruction {
  friend bool operator==(const EndInstruction&, const EndInstruction&) = default;
};

struct CardInstruction {
  // Begins when every unit has finished at least as many instructions of this run.
  std::array<int64_t, kUnitCount> waits = {};
  std::variant<EndInstruction, TransferInstruction, MatmulInstruction, VectorInstruction,
               AttentionInstruction>
      operation;

  int64_t wait(Unit unit) const { return waits[static_cast<size_t>(unit)]; }
  // Waits for `count` instructions of `unit`, or for more if it did before.
  void WaitFor(Unit unit, int64_t count);

  CardOpcode opcode() const;
  // Which unit runs it; none runs END.
  std::optional<Unit> unit() const;

  friend bool operator==(const CardInstruction&, const CardInstruction&) = default;
};

using InstructionWords = std::array<uint32_t, 16>;

// INVALID_ARGUMENT, with a CardError, where a field is outside its range for this array.
absl::Status CheckInstruction(const CardInstruction& instruction, const CardConfig& config);

// INVALID_ARGUMENT as CheckInstruction.
absl::StatusOr<InstructionWords> EncodeInstruction(const CardInstruction& instruction,
                                                   const CardConfig& config);

// INVALID_ARGUMENT with CardError kOpcode for an unknown opcode, planes or flags, with kField for a
// field out of its range or reserved bits that are set. Waits are any.
absl::StatusOr<CardInstruction> DecodeInstruction(const InstructionWords& words,
                                                  const CardConfig& config);

// The words as they lie in memory: little-endian, one beat an instruction. INVALID_ARGUMENT names
// the instruction that is wrong, or says that there are none or too many.
absl::StatusOr<std::vector<uint8_t>> EncodeStream(const std::vector<CardInstruction>& stream,
                                                  const CardConfig& config);

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_INSTRUCTION_H_
