// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/executor.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "accel/arithmetic/layer_norm.h"
#include "accel/arithmetic/rsqrt.h"

namespace sta::emulator {

Executor::Executor(const KernelTable& kernels, std::function<absl::Time()> now)
    : kernels_(kernels), now_(std::move(now)), attention_(kernels) {}

absl::Status Executor::Run(const PackedProgram& program, std::span<const int16_t> rows,
                           std::span<const int32_t> offsets, std::span<int16_t> output,
                           absl::Time deadline) {
  tokens_ = offsets.back() - offsets.front();
  blocks_ = (tokens_ + kBlockTokens - 1) / kBlockTokens;
  const std::vector<BufferSpec>& specs = program.program().buffers;
  buffers_.resize(std::max(buffers_.size(), specs.size()));
  for (size_t i = 0; i < specs.size(); ++i) {
    buffers_[i].Reserve(blocks_ * kBlockTokens * specs[i].width);
  }

  const int64_t hidden = program.program().hidden_size;
  const auto first = static_cast<size_t>(offsets.front() * hidden);
  const auto count = static_cast<size_t>(tokens_ * hidden);
  LoadRows(program.program(), rows.subspan(first, count));
  for (const Instruction& instruction : program.program().instructions) {
    if (now_() >= deadline) return absl::DeadlineExceededError("the batch ran out of time");
    Execute(program, instruction, offsets);
  }
  StoreRows(program.program(), output.subspan(first, count));
  return absl::OkStatus();
}

void Executor::LoadRows(const Program& program, std::span<const int16_t> rows) {
  const int64_t hidden = program.hidden_size;
  int16_t* const buffer = buffers_[program.input_buffer].data();
  for (int64_t token = 0; token < tokens_; ++token) {
    const int16_t* const row = rows.data() + token * hidden;
    int16_t* const lane =
        buffer + token / kBlockTokens * kBlockTokens * hidden + token % kBlockTokens;
    for (int64_t c = 0; c < hidden; ++c) lane[c * kBlockTokens] = row[c];
  }
}

void Executor::StoreRows(const Program& program, std::span<int16_t> output) const {
  const int64_t hidden = program.hidden_size;
  const int16_t* const buffer = buffers_[program.output_buffer].data();
  for (int64_t token = 0; token < tokens_; ++token) {
    int16_t* const row = output.data() + token * hidden;
    const int16_t* const lane =
        buffer + token / kBlockTokens * kBlockTokens * hidden + token % kBlockTokens;
    for (int64_t c = 0; c < hidden; ++c) row[c] = lane[c * kBlockTokens];
  }
}

void Executor::Execute(const PackedProgram& program, const Instruction& instruction,
                       std::span<const int32_t> offsets) {
  if (instruction.opcode != Opcode::kAttention) {
    for (int64_t block = 0; block < blocks_; ++block) ExecuteBlock(program, instruction, block);
    return;
  }
  const AttentionOperands operands = {.queries = buffers_[instruction.inputs[0]].data(),
                                      .keys = buffers_[instruction.inputs[1]].data(),
                                      .values = buffers_[instruction.inputs[2]].data(),
                                      .context = buffers_[instruction.output].data(),
                                      .width = program.program().hidden_size};
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    attention_.Run(program.program().attentions[instruction.constants], operands,
                   offsets[i] - offsets.front(), offsets[i + 1] - offsets[i]);
  }
}

void Executor::ExecuteBlock(const PackedProgram& packed, const Instruction& instruction,
                            int64_t block) {
  const Program& program = packed.program();
  const auto at_block = [&](uint16_t buffer) {
    return buffers_[buffer].data() + block * kBlockTokens * program.buffers[buffer].width;
  };
  const int16_t* const x = at_block(instruction.inputs[0]);
  int16_t* const y = at_block(instruction.output);
  const int64_t width = program.buffers[instruction.output].width;
  switch (instruction.opcode) {
    case Opcode::kLayerNorm:
      return LayerNorm(program.layer_norms[instruction.constants], x, y);
    case Opcode::kInt8View:
      return kernels_.int8_view(x, program.int8_views[instruction.constants].multiplier.data(),
                                width, y);
    case Opcode::kLinearInt8:
      return kernels_.linear(packed.Linear(instruction.constants, /*clip_to_int8=*/true), x, y);
    case Opcode::kLinearInt16:
      return kernels_.linear(packed.Linear(instruction.constants, /*clip_to_int8=*/false), x, y);
    case Opcode::kGelu: {
      const GeluParameters& gelu = program.gelus[instruction.constants];
      return kernels_.gelu(x, gelu.channel_class.data(), gelu.tables[0].data(), width, y);
    }
    case Opcode::kResidualAdd:
      return kernels_.residual_add(x, at_block(instruction.inputs[1]), width * kBlockTokens, y);
    case Opcode::kAttention:
      return;  // Execute
  }
}

void Executor::LayerNorm(const LayerNormParameters& parameters, const int16_t* x, int16_t* y) {
  const auto channels = static_cast<int64_t>(parameters.gain.size());
  const int64_t mean_reciprocal = arithmetic::MeanReciprocal(channels);
  LayerNormLanes lanes;
  int32_t sums[kBlockTokens];
  kernels_.layer_norm_sums(x, channels, sums);
  for (int64_t t = 0; t < kBlockTokens; ++t) {
    lanes.mean[t] = arithmetic::LayerNormMean(sums[t], mean_reciprocal);
  }
  uint64_t squares[kBlockTokens];
  kernels_.layer_norm_squares(x, channels, lanes.mean, squares);
  for (int64_t t = 0; t < kBlockTokens; ++t) {
    const arithmetic::ReciprocalSquareRoot rsqrt =
        arithmetic::Rsqrt(squares[t] + static_cast<uint64_t>(parameters.epsilon));
    lanes.mantissa[t] = rsqrt.mantissa;
    lanes.shift[t] = rsqrt.shift;
  }
  kernels_.layer_norm_apply(x, channels, lanes, parameters.gain.data(), parameters.bias.data(), y);
}

}  // namespace sta::emulator
