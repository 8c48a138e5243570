// SPDX-License-Identifier: Apache-2.0
#include "bench/kernels/workloads.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <random>

#include "accel/arithmetic/layer_norm.h"
#include "accel/arithmetic/softmax.h"
#include "bench/kernels/random_values.h"
#include "model_store/codec/nm_matrix.h"

namespace sta::bench {

using emulator::AlignedBuffer;
using emulator::kChannelGroup;
using emulator::kChunkChannels;
using emulator::kMaxBlockRows;
using emulator::LinearOutput;

namespace {

int64_t Padded(int64_t channels) {
  return (channels + kChunkChannels - 1) / kChunkChannels * kChunkChannels;
}

NmMatrix RandomMatrix(LinearShape shape, Pattern pattern) {
  NmMatrix matrix{.rows = shape.outputs, .columns = shape.inputs, .pattern = pattern};
  std::mt19937 engine(1);
  std::uniform_int_distribution<int> weight(-127, 127);
  for (int64_t entry = 0; entry < shape.outputs * matrix.entries_per_row(); ++entry) {
    matrix.values.push_back(static_cast<int8_t>(weight(engine)));
  }
  if (pattern.IsDense()) return matrix;
  std::vector<uint8_t> places(static_cast<size_t>(pattern.m));
  for (int64_t group = 0; group < shape.outputs * shape.inputs / pattern.m; ++group) {
    for (size_t i = 0; i < places.size(); ++i) places[i] = static_cast<uint8_t>(i);
    std::shuffle(places.begin(), places.end(), engine);
    std::sort(places.begin(), places.begin() + pattern.n);
    matrix.offsets.insert(matrix.offsets.end(), places.begin(), places.begin() + pattern.n);
  }
  return matrix;
}

LinearOutput OutputOf(LinearShape shape) {
  if (shape.outputs > shape.inputs) return LinearOutput::kInt8Gelu;
  return shape.outputs < shape.inputs ? LinearOutput::kInt16Residual : LinearOutput::kInt8;
}

}  // namespace

emulator::PackedMatrix PackRandomMatrix(const emulator::KernelTable& kernels, LinearShape shape,
                                        Pattern pattern) {
  return kernels.pack(RandomMatrix(shape, pattern));
}

double LinearOperations(LinearShape shape) {
  return 2.0 * kTokens * static_cast<double>(shape.inputs) * static_cast<double>(shape.outputs);
}

LinearWorkload::LinearWorkload(const emulator::KernelTable& kernels, LinearShape shape,
                               const emulator::PackedMatrix& weights)
    : kernels_(kernels), shape_(shape) {
  const std::array<int32_t, 2> offsets = {0, kTokens};
  layout_.Cut(offsets, {.hidden_width = Padded(shape.inputs)});
  const int64_t slots = std::ssize(layout_.blocks()) * layout_.block_slots();
  const int64_t outputs = Padded(shape.outputs);
  FillRandom(x_, slots * Padded(shape.inputs), 1, 127);
  FillRandom(start_, outputs, -100'000, 100'000);
  FillRandom(shift_, outputs, 6, 9);
  FillRandom(multiplier_, 2 * outputs, 2048, 4096);
  FillRandom(gelu_tables_, 512, 1, 127);
  // One channel in a hundred is of the wide class, as in trained models.
  FillRandom(gelu_class_, outputs / kChannelGroup, -5, 1);
  for (int64_t i = 0; i < gelu_class_.size(); ++i) {
    if (gelu_class_.data()[i] != 1) gelu_class_.data()[i] = 0;
  }
  y8_.Reserve(slots * outputs);
  y16_.Reserve(slots * outputs);
  FillRandom(residual_, slots * outputs, -9000, 9000);
  args_ = {.matrix = weights.View(),
           .start = start_.data(),
           .shift = shift_.data(),
           .multiplier = multiplier_.data(),
           .x = x_.data(),
           .x_chunk_stride = layout_.block_slots() * kChunkChannels,
           .rows = 0,
           .output = OutputOf(shape),
           .y8 = y8_.data(),
           .y8_chunk_stride = layout_.block_slots() * kChunkChannels,
           .y16 = y16_.data(),
           .residual = residual_.data(),
           .y16_stride = outputs,
           .gelu_tables = gelu_tables_.data(),
           .gelu_class = gelu_class_.data()};
}

void LinearWorkload::Run() {
  emulator::LinearArgs args = args_;
  const int64_t outputs = layout_.block_slots() * args.y16_stride;
  for (const emulator::RowBlock& block : layout_.blocks()) {
    args.rows = block.rows;
    kernels_.linear(args);
    args.x += layout_.block_slots() * Padded(shape_.inputs);
    args.y8 += outputs;
    args.y16 += outputs;
    args.residual += outputs;
  }
}

AttentionWorkload::AttentionWorkload(const emulator::KernelTable& kernels, int64_t tokens,
                                     int64_t head_size)
    : kernels_(kernels) {
  for (AlignedBuffer<uint8_t>& rows : rows_) FillRandom(rows, tokens * kChunkChannels, 1, 255);
  row_offsets_.Reserve(tokens);
  for (int64_t i = 0; i < tokens; ++i) row_offsets_.data()[i] = i * kChunkChannels;
  exp_table_.Reserve(std::ssize(arithmetic::kExpTable));
  std::copy(arithmetic::kExpTable.begin(), arithmetic::kExpTable.end(), exp_table_.data());
  scratch_.Reserve(emulator::AttentionScratchBytes(tokens, head_size));
  args_ = {.queries = rows_[0].data(),
           .keys = rows_[1].data(),
           .values = rows_[2].data(),
           .context = rows_[3].data(),
           .row_offsets = row_offsets_.data(),
           .context_origin = 0,
           .first_query = 0,
           .query_count = tokens,
           .key_count = tokens,
           .head_stride = head_size,
           .logit_shift = 5,
           .logit_multiplier = 500,
           .context_shift = 4,
           .context_multiplier = 20'000,
           .exp_table = exp_table_.data(),
           .scratch = scratch_.data()};
}

LayerNormWorkload::LayerNormWorkload(const emulator::KernelTable& kernels, int64_t width)
    : kernels_(kernels) {
  const int64_t stride = Padded(width);
  FillRandom(x_, kMaxBlockRows * stride, -9000, 9000);
  FillRandom(constants_, 3 * stride, 1, 9000);
  y_.Reserve(kMaxBlockRows * stride);
  y8_.Reserve(kMaxBlockRows * stride);
  args_ = {.x = x_.data(),
           .y = y_.data(),
           .stride = stride,
           .width = width,
           .rows = kMaxBlockRows,
           .mean_reciprocal = arithmetic::MeanReciprocal(width),
           .epsilon = 1000,
           .gain = constants_.data(),
           .bias = constants_.data() + stride,
           .view = constants_.data() + 2 * stride,
           .y8 = y8_.data(),
           .y8_chunk_stride = kMaxBlockRows * kChunkChannels};
}

}  // namespace sta::bench
