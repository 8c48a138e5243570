// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/unfused_steps.h"

#include <algorithm>
#include <cstddef>

#include "accel/arithmetic/gelu.h"
#include "accel/arithmetic/int8_view.h"
#include "accel/arithmetic/residual.h"
#include "accel/emulator/kernels.h"

namespace sta::emulator {
namespace {

int64_t StrideOf(int64_t width) {
  return (width + kChunkChannels - 1) / kChunkChannels * kChunkChannels;
}

int64_t PlaceOf(int64_t row, int64_t channel, int64_t chunk_stride) {
  return channel / kChunkChannels * chunk_stride + row * kChunkChannels + channel % kChunkChannels;
}

}  // namespace

void LoadRows(const int16_t* from, int64_t width, int64_t rows, int16_t* slot) {
  for (int64_t row = 0; row < rows; ++row) {
    std::copy_n(from + row * width, width, slot + row * StrideOf(width));
  }
}

void StoreRows(const int16_t* slot, int64_t width, int64_t rows, int16_t* to) {
  for (int64_t row = 0; row < rows; ++row) {
    std::copy_n(slot + row * StrideOf(width), width, to + row * width);
  }
}

void Int8View(const Int8ViewParameters& view, int64_t rows, uint8_t zero_code, const int16_t* x,
              int64_t chunk_stride, uint8_t* y) {
  const auto width = static_cast<int64_t>(view.multiplier.size());
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t c = 0; c < width; ++c) {
      const int8_t value = arithmetic::Int8View(x[row * StrideOf(width) + c],
                                                view.multiplier[static_cast<size_t>(c)]);
      y[PlaceOf(row, c, chunk_stride)] = static_cast<uint8_t>(value + zero_code);
    }
  }
}

void Gelu(const GeluParameters& gelu, int64_t rows, uint8_t zero_code, int64_t chunk_stride,
          const uint8_t* x, uint8_t* y) {
  const auto width = static_cast<int64_t>(gelu.channel_class.size());
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t c = 0; c < width; ++c) {
      const int64_t place = PlaceOf(row, c, chunk_stride);
      const int8_t value = arithmetic::Gelu(gelu.tables, gelu.channel_class[static_cast<size_t>(c)],
                                            static_cast<int8_t>(x[place] - zero_code));
      y[place] = static_cast<uint8_t>(value + zero_code);
    }
  }
}

void ResidualAdd(int64_t width, int64_t rows, const int16_t* x, const int16_t* y, int16_t* sum) {
  for (int64_t i = 0; i < rows * StrideOf(width); ++i) sum[i] = arithmetic::ResidualAdd(x[i], y[i]);
}

}  // namespace sta::emulator
