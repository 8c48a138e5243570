// SPDX-License-Identifier: Apache-2.0
//
// The kernels in plain C++, for processors of any family and as the second opinion on the others.
// Loops are written so that a compiler's vectorizer does well on them with any instruction set.
//
// Bytes are the int8 values themselves (zero_code 0). Weights: [channels / 64][chunks][64 channels]
// [non-zeros of a chunk] pairs of position in the chunk and weight; `steps` is the number of pairs.
// A channel with fewer has pairs of weight 0.
//
// Products: the chunk's cells are transposed to [64 inputs][16 rows] int16, so that one weight
// meets all rows in one vector operation; that costs 1 / 64 of the products or less.
#include "accel/emulator/kernels.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "accel/arithmetic/attention.h"
#include "accel/arithmetic/int8_view.h"
#include "accel/arithmetic/layer_norm.h"
#include "accel/arithmetic/reciprocal.h"
#include "accel/arithmetic/requantize.h"
#include "accel/arithmetic/residual.h"
#include "accel/emulator/packed_matrix.h"
#include "model_store/codec/nm_matrix.h"

namespace sta::emulator {
namespace {

constexpr int64_t kTileRows = 16;  // kMaxBlockRows, rounded up to whole vectors

int64_t DivideRoundingUp(int64_t x, int64_t y) { return (x + y - 1) / y; }

PackedMatrix Pack(const NmMatrix& matrix) {
  const auto [n, m] = matrix.pattern;
  PackedMatrix packed;
  packed.is_dense = matrix.pattern.IsDense();
  packed.input_chunks = DivideRoundingUp(matrix.columns, kChunkChannels);
  packed.output_channels = matrix.rows;
  packed.steps = kChunkChannels / m * n;
  const int64_t channel_bytes = 2 * packed.steps;
  const int64_t chunk_bytes = kChunkChannels * channel_bytes;
  packed.weights.Reserve(DivideRoundingUp(matrix.rows, kChunkChannels) * packed.input_chunks *
                         chunk_bytes);
  const int64_t entries = matrix.entries_per_row();
  for (int64_t row = 0; row < matrix.rows; ++row) {
    for (int64_t entry = 0; entry < entries; ++entry) {
      const int64_t chunk = row / kChunkChannels * packed.input_chunks + entry / packed.steps;
      uint8_t* const pair = packed.weights.data() + chunk * chunk_bytes +
                            row % kChunkChannels * channel_bytes + entry % packed.steps * 2;
      pair[0] = static_cast<uint8_t>(matrix.Column(row, entry) % kChunkChannels);
      pair[1] = static_cast<uint8_t>(matrix.values[static_cast<size_t>(row * entries + entry)]);
    }
  }
  return packed;
}

// A vector is spelt as such: compilers keep it in registers over a loop, which they do not with an
// array. On processors with shorter vectors they use several.
typedef int16_t RowsInt16 __attribute__((vector_size(2 * kTileRows)));
typedef int32_t RowsInt32 __attribute__((vector_size(4 * kTileRows)));

struct Tile {
  RowsInt16 values[kChunkChannels];
};

void Transpose(const uint8_t* cells, int64_t rows, Tile& tile) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t c = 0; c < kChunkChannels; ++c) {
      tile.values[c][row] = static_cast<int8_t>(cells[row * kChunkChannels + c]);
    }
  }
}

struct Sums {
  RowsInt32 values[kChunkChannels];
};

// Two products at a time: their sum is within +-32,258 and so an int16. `steps` is even.
void Accumulate(const uint8_t* pairs, int64_t steps, const Tile& tile, Sums& sums) {
  for (RowsInt32& channel : sums.values) {
    RowsInt32 sum = channel;
    for (int64_t step = 0; step < steps; step += 2, pairs += 4) {
      const RowsInt16 products = tile.values[pairs[0]] * int16_t{static_cast<int8_t>(pairs[1])} +
                                 tile.values[pairs[2]] * int16_t{static_cast<int8_t>(pairs[3])};
      sum += __builtin_convertvector(products, RowsInt32);
    }
    channel = sum;
  }
}

void Store(const LinearArgs& args, int64_t channel, const RowsInt32& sums) {
  const int64_t pair_place = channel / 4 * 8 + channel % 4;
  for (int64_t row = 0; row < args.rows; ++row) {
    const int16_t y16 =
        arithmetic::Requantize16(sums[row], args.shift[channel], args.multiplier[pair_place]);
    const int64_t place16 = row * args.y16_stride + channel;
    switch (args.output) {
      case LinearOutput::kInt16:
        args.y16[place16] = y16;
        continue;
      case LinearOutput::kInt16Residual:
        args.y16[place16] = arithmetic::ResidualAdd(args.residual[place16], y16);
        continue;
      case LinearOutput::kInt8:
      case LinearOutput::kInt8Gelu:
        break;
    }
    auto code = static_cast<uint8_t>(arithmetic::Clip8(y16));
    if (args.output == LinearOutput::kInt8Gelu) {
      const int64_t group = channel / kChannelGroup;
      code = args.gelu_tables[256 * (args.gelu_class[group] >> channel % kChannelGroup & 1) + code];
    }
    args.y8[channel / kChunkChannels * args.y8_chunk_stride + row * kChunkChannels +
            channel % kChunkChannels] = code;
  }
}

void Linear(const LinearArgs& args) {
  const MatrixView& matrix = args.matrix;
  const int64_t chunk_bytes = kChunkChannels * 2 * matrix.steps;
  const uint8_t* pairs = matrix.weights;
  Tile tile = {};
  Sums sums;
  for (int64_t first = 0; first < matrix.output_channels; first += kChunkChannels) {
    const int64_t channels = std::min(kChunkChannels, matrix.output_channels - first);
    for (int64_t c = 0; c < kChunkChannels; ++c) {
      sums.values[c] = RowsInt32{} + args.start[first + c];
    }
    for (int64_t chunk = 0; chunk < matrix.input_chunks; ++chunk, pairs += chunk_bytes) {
      Transpose(args.x + chunk * args.x_chunk_stride, args.rows, tile);
      Accumulate(pairs, matrix.steps, tile, sums);
    }
    for (int64_t c = 0; c < channels; ++c) Store(args, first + c, sums.values[c]);
  }
}

void LayerNorm(const LayerNormArgs& args) {
  const auto width = static_cast<size_t>(args.width);
  for (int64_t row = 0; row < args.rows; ++row) {
    int16_t* const y = args.y + row * args.stride;
    arithmetic::LayerNormRow({args.x + row * args.stride, width}, {args.gain, width},
                             {args.bias, width}, static_cast<int64_t>(args.epsilon), {y, width});
    if (args.view == nullptr) continue;
    for (int64_t c = 0; c < args.width; ++c) {
      args.y8[c / kChunkChannels * args.y8_chunk_stride + row * kChunkChannels +
              c % kChunkChannels] = static_cast<uint8_t>(arithmetic::Int8View(y[c], args.view[c]));
    }
  }
}

const int8_t* Row(const uint8_t* base, const AttentionArgs& args, int64_t token) {
  return reinterpret_cast<const int8_t*>(base + args.row_offsets[token]);
}

int32_t Dot(const int8_t* a, const int8_t* b, int64_t size) {
  int32_t sum = 0;
  for (int64_t i = 0; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

void AttendQuery(const AttentionArgs& args, int64_t query, int16_t* logits, int32_t* context) {
  const int8_t* const q = Row(args.queries, args, query);
  int16_t largest = INT16_MIN;
  for (int64_t j = 0; j < args.key_count; ++j) {
    logits[j] =
        arithmetic::AttentionLogit(Dot(q, Row(args.keys, args, j), args.head_stride),
                                   args.logit_shift, static_cast<int16_t>(args.logit_multiplier));
    largest = std::max(largest, logits[j]);
  }
  int32_t sum = 0;
  std::fill_n(context, args.head_stride, 0);
  for (int64_t j = 0; j < args.key_count; ++j) {
    const int32_t p = args.exp_table[std::min(largest - logits[j], 255)];
    const int8_t* const value = Row(args.values, args, j);
    sum += p;
    for (int64_t c = 0; c < args.head_stride; ++c) context[c] += p * value[c];
  }
  const arithmetic::RowReciprocal reciprocal = arithmetic::Reciprocal(sum);
  const int32_t multiplier = arithmetic::ContextRowMultiplier(reciprocal, args.context_multiplier);
  uint8_t* const out = args.context + args.row_offsets[query] - args.context_origin;
  for (int64_t c = 0; c < args.head_stride; ++c) {
    out[c] = static_cast<uint8_t>(
        arithmetic::Context(context[c], reciprocal.exponent - args.context_shift, multiplier));
  }
}

void Attention(const AttentionArgs& args) {
  auto* const context = reinterpret_cast<int32_t*>(args.scratch);
  auto* const logits = reinterpret_cast<int16_t*>(context + args.head_stride);
  for (int64_t i = 0; i < args.query_count; ++i) {
    AttendQuery(args, args.first_query + i, logits, context);
  }
}

}  // namespace

const KernelTable& GenericKernels() {
  static constexpr KernelTable kTable = {.name = "generic",
                                         .zero_code = 0,
                                         .pack = Pack,
                                         .linear = Linear,
                                         .layer_norm = LayerNorm,
                                         .attention = Attention};
  return kTable;
}

}  // namespace sta::emulator
