// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/packed_program.h"

#include <cstddef>
#include <utility>

namespace sta::emulator {
namespace {

// Requantizing, normalizing and moving one value costs about as much as this many products.
constexpr double kWorkPerValue = 32.0;

int64_t PairsPerRow(const NmMatrix& matrix) { return (matrix.entries_per_row() + 1) / 2; }

std::vector<WeightPair> PackPairs(const NmMatrix& matrix) {
  const int64_t entries = matrix.entries_per_row();
  std::vector<WeightPair> pairs;
  pairs.reserve(static_cast<size_t>(matrix.rows * PairsPerRow(matrix)));
  for (int64_t row = 0; row < matrix.rows; ++row) {
    const int8_t* const values = matrix.values.data() + row * entries;
    for (int64_t entry = 0; entry < entries; entry += 2) {
      WeightPair pair = {.channel0 = static_cast<uint16_t>(matrix.Column(row, entry)),
                         .channel1 = 0,
                         .weight0 = values[entry],
                         .weight1 = 0};
      if (entry + 1 < entries) {
        pair.channel1 = static_cast<uint16_t>(matrix.Column(row, entry + 1));
        pair.weight1 = values[entry + 1];
      }
      pairs.push_back(pair);
    }
  }
  return pairs;
}

}  // namespace

PackedProgram::PackedProgram(std::shared_ptr<const Program> program)
    : program_(std::move(program)) {
  pairs_.reserve(program_->linears.size());
  for (const LinearParameters& linear : program_->linears) {
    pairs_.push_back(PackPairs(linear.weights));
  }
  for (const Instruction& instruction : program_->instructions) {
    work_per_token_ +=
        kWorkPerValue * static_cast<double>(program_->buffers[instruction.output].width);
    if (instruction.opcode == Opcode::kLinearInt8 || instruction.opcode == Opcode::kLinearInt16) {
      work_per_token_ += 2.0 * static_cast<double>(pairs_[instruction.constants].size());
    }
    if (instruction.opcode == Opcode::kAttention) {
      work_per_token_pair_ += 2.0 * static_cast<double>(program_->hidden_size) +
                              kWorkPerValue * program_->attentions[instruction.constants].heads;
    }
  }
}

LinearArgs PackedProgram::Linear(uint32_t index, bool clip_to_int8) const {
  const LinearParameters& linear = program_->linears[index];
  return {.rows = linear.weights.rows,
          .pairs_per_row = PairsPerRow(linear.weights),
          .pairs = pairs_[index].data(),
          .bias = linear.bias.data(),
          .shift = linear.shift.data(),
          .multiplier = linear.multiplier.data(),
          .clip_to_int8 = clip_to_int8};
}

double PackedProgram::WorkOf(std::span<const int32_t> sequence_offsets) const {
  double work = 0.0;
  for (size_t i = 1; i < sequence_offsets.size(); ++i) {
    const double tokens = sequence_offsets[i] - sequence_offsets[i - 1];
    work += tokens * (work_per_token_ + tokens * work_per_token_pair_);
  }
  return work;
}

}  // namespace sta::emulator
