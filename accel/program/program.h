// SPDX-License-Identifier: Apache-2.0
//
// Program: what every device runs. A list of instructions over named activation buffers plus the
// constants (weights, requantization, tables) that they name by index. It takes int16 rows (the
// sums of embeddings) to int16 rows (the last layer's output) for sequences packed end to end; the
// arithmetic of each opcode is a section of docs/arithmetic.md.
//
// A Program is made by CompileProgram (compiler.h), is immutable afterwards and is shared by all
// devices through shared_ptr<const Program>. Validate() has passed on every Program that a device
// is given, so devices index without further checks.
#ifndef ACCEL_PROGRAM_PROGRAM_H_
#define ACCEL_PROGRAM_PROGRAM_H_

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "model_store/package/encoder_parameters.h"

namespace sta {

// The arithmetic version that this build computes (docs/arithmetic.md).
inline constexpr int kArithmeticVersion = 1;

enum class Opcode : uint8_t {
  kLayerNorm,    // int16 [H] -> int16 [H]                       constants: layer_norms
  kInt8View,     // int16 [H] -> int8 [H]                        constants: int8_views
  kLinearInt8,   // int8 [K] -> int8 [N]                         constants: linears
  kLinearInt16,  // int8 [K] -> int16 [N]                        constants: linears
  kGelu,         // int8 [F] -> int8 [F]                         constants: gelus
  kAttention,    // q, k, v int8 [H] -> int8 [H], per sequence   constants: attentions
  kResidualAdd,  // two int16 [H] -> int16 [H]                   constants: none
};
std::string_view OpcodeName(Opcode opcode);

enum class ElementType : uint8_t { kInt8, kInt16 };

// One activation buffer: a row of `width` elements a token.
struct BufferSpec {
  ElementType type = ElementType::kInt16;
  int64_t width = 0;

  friend bool operator==(const BufferSpec&, const BufferSpec&) = default;
};

struct Instruction {
  static constexpr uint16_t kNone = 0xFFFF;

  Opcode opcode = Opcode::kLayerNorm;
  // 8-bit planes of the activation operand. Arithmetic version 1 knows one plane only; the field
  // is here so that wider operands (arithmetic.md, introduction) need no new instruction format.
  uint8_t planes = 1;
  std::array<uint16_t, 3> inputs = {kNone, kNone, kNone};  // buffer indices
  uint16_t output = kNone;                                 // buffer index, never one of `inputs`
  uint32_t constants = 0;                                  // index into the opcode's table

  friend bool operator==(const Instruction&, const Instruction&) = default;
};

struct Program {
  int64_t hidden_size = 0;
  std::vector<BufferSpec> buffers;
  uint16_t input_buffer = 0;   // int16 [hidden_size], filled by the host
  uint16_t output_buffer = 0;  // int16 [hidden_size], read by the host
  std::vector<Instruction> instructions;

  std::vector<LinearParameters> linears;
  std::vector<LayerNormParameters> layer_norms;
  std::vector<Int8ViewParameters> int8_views;
  std::vector<GeluParameters> gelus;
  std::vector<AttentionParameters> attentions;

  // Checks every index, width, element type and constant range, and that no buffer is read before
  // it was written. INVALID_ARGUMENT names the instruction and what is wrong.
  absl::Status Validate() const;

  friend bool operator==(const Program&, const Program&) = default;
};

}  // namespace sta

#endif  // ACCEL_PROGRAM_PROGRAM_H_
