// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/functional_card.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <variant>
#include <vector>

#include "accel/program/card/checksum.h"
#include "accel/program/card/constants_layout.h"
#include "accel/program/card/instruction.h"
#include "accel/virtual_card/datapath.h"
#include "accel/virtual_card/range_check.h"
#include "accel/virtual_card/unit_order.h"

namespace sta::card {
namespace {

int64_t BeatsOf(std::span<const uint8_t> region) { return std::ssize(region) / kBeatBytes; }

template <typename Byte>
std::span<Byte> Subregion(std::span<Byte> region, int64_t first_beat, int64_t beats) {
  return region.subspan(static_cast<size_t>(first_beat * kBeatBytes),
                        static_cast<size_t>(beats * kBeatBytes));
}

// One run: counts and sums what it transfers.
class CardRun {
 public:
  CardRun(const CardConfig& config, const CardMemory& memory, CardBuffers& buffers)
      : config_(config), memory_(memory), buffers_(buffers) {}

  // Fetches up to END or the first error.
  void Fetch();

  void Execute(const CardInstruction& instruction) {
    std::visit([&](const auto& operation) { Execute(operation); }, instruction.operation);
  }

  // All that were fetched without an error.
  std::span<const CardInstruction> stream() const { return stream_; }
  const CardRunResult& result() const { return result_; }

 private:
  // Decodes instruction `index` and checks all that is checked before it starts.
  CardError Dispatch(int64_t index);
  bool WaitsAreSatisfiable(const CardInstruction& instruction) const;

  void Execute(const EndInstruction& /*end*/) {}
  void Execute(const TransferInstruction& transfer);
  void Execute(const MatmulInstruction& matmul);
  void Execute(const VectorInstruction& vector);
  void Execute(const AttentionInstruction& attention) {
    RunAttention(config_, attention, buffers_);
  }

  // Beats of the program image or of the instruction stream.
  std::span<const uint8_t> ReadProgram(std::span<const uint8_t> region, int64_t first_beat,
                                       int64_t beats);

  const CardConfig& config_;
  const CardMemory& memory_;
  CardBuffers& buffers_;
  std::vector<CardInstruction> stream_;
  std::array<int64_t, kUnitCount> dispatched_ = {};
  CardRunResult result_;
};

void CardRun::Fetch() {
  const int64_t count = std::min(BeatsOf(memory_.instructions), kMaxInstructions);
  for (int64_t i = 0; i < count; ++i) {
    result_.instruction = static_cast<uint16_t>(i);
    result_.error = Dispatch(i);
    if (result_.error != CardError::kNone || stream_.back().opcode() == CardOpcode::kEnd) return;
  }
  result_.instruction = static_cast<uint16_t>(count);
  result_.error = CardError::kTruncated;
}

CardError CardRun::Dispatch(int64_t index) {
  const std::span<const uint8_t> beat = ReadProgram(memory_.instructions, index, 1);
  InstructionWords words;
  for (size_t i = 0; i < words.size(); ++i) {
    words[i] = static_cast<uint32_t>(ReadInt32(beat, i * sizeof(uint32_t)));
  }
  const absl::StatusOr<CardInstruction> instruction = DecodeInstruction(words, config_);
  if (!instruction.ok()) return CardErrorOf(instruction.status());
  if (!WaitsAreSatisfiable(*instruction)) return CardError::kDependency;
  const CardError error = CheckRanges(*instruction, config_,
                                      {.program = BeatsOf(memory_.program),
                                       .input = BeatsOf(memory_.input),
                                       .output = BeatsOf(memory_.output)});
  if (error != CardError::kNone) return error;
  if (const std::optional<Unit> unit = instruction->unit(); unit.has_value()) {
    ++dispatched_[static_cast<size_t>(*unit)];
  }
  stream_.push_back(*instruction);
  return CardError::kNone;
}

bool CardRun::WaitsAreSatisfiable(const CardInstruction& instruction) const {
  for (size_t unit = 0; unit < kUnitCount; ++unit) {
    if (instruction.waits[unit] > dispatched_[unit]) return false;
  }
  return true;
}

std::span<const uint8_t> CardRun::ReadProgram(std::span<const uint8_t> region, int64_t first_beat,
                                              int64_t beats) {
  const std::span<const uint8_t> bytes = Subregion(region, first_beat, beats);
  result_.program_checksum += RegionChecksum(bytes, static_cast<uint64_t>(first_beat));
  result_.beats_read += beats;
  return bytes;
}

void CardRun::Execute(const TransferInstruction& transfer) {
  const std::span<uint8_t> residual =
      buffers_.ResidualBeats(transfer.residual_beat, transfer.beats);
  const auto first_beat = static_cast<uint64_t>(transfer.memory_beat);
  if (transfer.direction == TransferDirection::kLoad) {
    const auto input = Subregion(memory_.input, transfer.memory_beat, transfer.beats);
    std::copy(input.begin(), input.end(), residual.begin());
    result_.input_checksum += RegionChecksum(input, first_beat);
    result_.beats_read += transfer.beats;
  } else {
    const auto output = Subregion(memory_.output, transfer.memory_beat, transfer.beats);
    std::copy(residual.begin(), residual.end(), output.begin());
    result_.output_checksum += RegionChecksum(output, first_beat);
    result_.beats_written += transfer.beats;
  }
}

void CardRun::Execute(const MatmulInstruction& matmul) {
  RunMatmul(config_, matmul,
            ReadProgram(memory_.program, matmul.weight_beat, WeightStreamBeats(matmul, config_)),
            buffers_);
}

void CardRun::Execute(const VectorInstruction& vector) {
  RunVector(config_, vector,
            ReadProgram(memory_.program, vector.parameter_beat, ParameterBeatsOf(vector, config_)),
            buffers_);
}

}  // namespace

std::optional<CardRunResult> FunctionalCard::Run(const CardMemory& memory,
                                                 std::optional<uint64_t> seed,
                                                 const std::stop_token& stop) {
  CardRun run(config_, memory, buffers_);
  run.Fetch();
  std::optional<UnitOrder> order;
  if (seed.has_value()) order.emplace(run.stream(), *seed);
  size_t in_order = 0;
  const auto next = [&]() -> std::optional<size_t> {
    if (order.has_value()) return order->Next();
    if (in_order == run.stream().size()) return std::nullopt;
    return in_order++;
  };
  while (const std::optional<size_t> index = next()) {
    if (stop.stop_requested()) return std::nullopt;
    run.Execute(run.stream()[*index]);
  }
  return run.result();
}

}  // namespace sta::card
