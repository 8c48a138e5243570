// SPDX-License-Identifier: Apache-2.0
//
// Lays weights out as linear.cc says. Plain code, compiled without wide vectors.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "accel/emulator/avx512/avx512.h"
#include "accel/emulator/packed_matrix.h"
#include "model_store/codec/nm_matrix.h"

namespace sta::emulator::avx512 {
namespace {

constexpr int64_t kVectorBytes = 64;

int64_t DivideRoundingUp(int64_t x, int64_t y) { return (x + y - 1) / y; }

PackedMatrix PackDense(const NmMatrix& matrix) {
  PackedMatrix packed;
  packed.is_dense = true;
  packed.input_chunks = DivideRoundingUp(matrix.columns, kChunkChannels);
  packed.output_channels = matrix.rows;
  const int64_t quads = packed.input_chunks * kChunkChannels / 4;
  packed.weights.Reserve(DivideRoundingUp(matrix.rows, kChunkChannels) * quads * 4 * kVectorBytes);
  const std::vector<int8_t> dense = matrix.ToDense();
  for (int64_t row = 0; row < matrix.rows; ++row) {
    for (int64_t column = 0; column < matrix.columns; ++column) {
      const int64_t quad = row / kChunkChannels * quads + column / 4;
      packed.weights.data()[(quad * kChunkChannels + row % kChunkChannels) * 4 + column % 4] =
          static_cast<uint8_t>(dense[static_cast<size_t>(row * matrix.columns + column)]);
    }
  }
  return packed;
}

// Where step `step` of a chunk finds its positions and its weights, from the chunk's first byte.
struct StepPlace {
  int64_t positions;
  int64_t weights;
  bool in_high_nibble;
};

StepPlace PlaceOfStep(int64_t step, bool nibbles) {
  if (!nibbles) return {2 * step * kVectorBytes, (2 * step + 1) * kVectorBytes, false};
  const int64_t unit = step / 2 * 3 * kVectorBytes;
  const bool is_odd = step % 2 != 0;
  return {unit, unit + (is_odd ? 2 : 1) * kVectorBytes, is_odd};
}

PackedMatrix PackSparse(const NmMatrix& matrix) {
  const auto [n, m] = matrix.pattern;
  const bool nibbles = m <= 16;
  PackedMatrix packed;
  packed.input_chunks = DivideRoundingUp(matrix.columns, kChunkChannels);
  packed.output_channels = matrix.rows;
  const int64_t per_chunk = kChunkChannels / m * n;  // non-zeros of a whole chunk
  packed.steps = DivideRoundingUp(per_chunk, 4);
  const int64_t chunk_bytes = nibbles ? (packed.steps / 2 * 3 + packed.steps % 2 * 2) * kVectorBytes
                                      : packed.steps * 2 * kVectorBytes;
  const int64_t groups = DivideRoundingUp(matrix.rows, kChannelGroup);
  packed.weights.Reserve(groups * packed.input_chunks * chunk_bytes);
  if (nibbles) {
    packed.patterns.Reserve(packed.steps * kVectorBytes);
    for (int64_t i = 0; i < packed.patterns.size(); ++i) {
      const int64_t j = i / kVectorBytes * 4 + i % 4;
      // A place beyond the last non-zero has weight 0: any position in the chunk will do.
      packed.patterns.data()[i] =
          static_cast<uint8_t>(std::min<int64_t>(j / n * m, kChunkChannels - m));
    }
  }

  const int64_t entries = matrix.entries_per_row();
  for (int64_t row = 0; row < matrix.rows; ++row) {
    for (int64_t entry = 0; entry < entries; ++entry) {
      const int64_t chunk = entry / per_chunk;
      const int64_t j = entry % per_chunk;
      const StepPlace place = PlaceOfStep(j / 4, nibbles);
      uint8_t* const bytes =
          packed.weights.data() + (row / kChannelGroup * packed.input_chunks + chunk) * chunk_bytes;
      const int64_t lane_byte = row % kChannelGroup * 4 + j % 4;
      const int64_t column = matrix.Column(row, entry);
      const auto position = static_cast<uint8_t>(nibbles ? column % m : column % kChunkChannels);
      bytes[place.positions + lane_byte] |=
          static_cast<uint8_t>(place.in_high_nibble ? position << 4 : position);
      bytes[place.weights + lane_byte] =
          static_cast<uint8_t>(matrix.values[static_cast<size_t>(row * entries + entry)]);
    }
  }
  return packed;
}

}  // namespace

PackedMatrix Pack(const NmMatrix& matrix) {
  // A chunk takes 16 n / m gathers with their products, or 16 products if it is dense: measured,
  // ten of the former are as fast as the latter.
  const auto [n, m] = matrix.pattern;
  if (16 * n > 10 * m) return PackDense(matrix);
  return PackSparse(matrix);
}

}  // namespace sta::emulator::avx512
