// SPDX-License-Identifier: Apache-2.0
#include "tests/accel/emulator/linear_tester.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "accel/arithmetic/requantize.h"
#include "accel/arithmetic/residual.h"
#include "accel/emulator/packed_matrix.h"
#include "accel/program/random_encoder.h"

namespace sta::emulator {
namespace {

int64_t ChunksOf(int64_t channels) { return (channels + kChunkChannels - 1) / kChunkChannels; }

template <typename T>
void Copy(const AlignedBuffer<T>& from, GuardedBuffer<T>& to) {
  std::copy_n(from.data(), from.size(), to.Resize(from.size()));
}

}  // namespace

LinearTester::LinearTester(const KernelTable& kernels, const LinearMatrixCase& matrix)
    : kernels_(kernels), case_(matrix), random_(matrix.seed) {
  parameters_.weights = RandomMatrix(case_.seed, case_.channels, case_.columns, case_.pattern);
  if (case_.weights != Fill::kRandom) {
    int64_t i = 0;
    for (int8_t& w : parameters_.weights.values) {
      w = static_cast<int8_t>(random_.Value(case_.weights, -127, 127, i++));
    }
  }
  MakeConstants();

  const PackedMatrix packed = kernels_.pack(parameters_.weights);
  EXPECT_EQ(packed.output_channels, case_.channels);
  EXPECT_EQ(packed.input_chunks, ChunksOf(case_.columns));
  view_ = packed.View();
  Copy(packed.weights, weights_);
  view_.weights = weights_.data();
  if (view_.patterns != nullptr) {
    Copy(packed.patterns, patterns_);
    view_.patterns = patterns_.data();
  }
  PackConstants();
}

void LinearTester::MakeConstants() {
  constexpr int64_t kBias = arithmetic::kBiasLimit - 1;
  for (int64_t channel = 0; channel < case_.channels; ++channel) {
    const auto shift = static_cast<uint8_t>(random_.Value(case_.constants, 0, 31, channel));
    // Random biases of the accumulators' own size, so that all of an output's range occurs.
    const int64_t bias_limit = case_.constants == Fill::kRandom && random_.Uniform(0, 3) != 0
                                   ? int64_t{1} << std::clamp(shift + 9, 9, 29)
                                   : kBias;
    parameters_.shift.push_back(shift);
    parameters_.bias.push_back(static_cast<int32_t>(
        random_.Value(case_.constants, -bias_limit, bias_limit, channel + channel / 2)));
    parameters_.multiplier.push_back(
        static_cast<int16_t>(random_.Value(case_.constants, 0, 32767, channel / 2)));
  }
}

// As LinearArgs says. Padding holds zeros.
void LinearTester::PackConstants() {
  const int64_t padded = ChunksOf(case_.channels) * kChunkChannels;
  std::fill_n(start_.Resize(padded), padded, 0);
  std::fill_n(shift_.Resize(padded), padded, 0);
  std::fill_n(multiplier_.Resize(2 * padded), 2 * padded, int16_t{0});
  const NmMatrix& weights = parameters_.weights;
  for (int64_t channel = 0; channel < case_.channels; ++channel) {
    const auto index = static_cast<size_t>(channel);
    const auto first = weights.values.begin() + channel * weights.entries_per_row();
    int32_t sum = 0;
    std::for_each(first, first + weights.entries_per_row(), [&sum](int8_t w) { sum += w; });
    start_.data()[channel] = parameters_.bias[index] - kernels_.zero_code * sum;
    shift_.data()[channel] = parameters_.shift[index];
    int16_t* const pair = multiplier_.data() + channel / 4 * 8 + channel % 4;
    pair[0] = pair[4] = parameters_.multiplier[index];
  }
}

void LinearTester::MakeActivations(const LinearRunCase& run) {
  slots_ = run.rows + random_.Uniform(0, 2);
  // Other rows' cells and padding hold anything.
  const int64_t bytes = ChunksOf(case_.columns) * slots_ * kChunkChannels;
  std::generate_n(x_.Resize(bytes), bytes,
                  [this] { return static_cast<uint8_t>(random_.Uniform(0, 255)); });
  for (int64_t row = 0; row < run.rows; ++row) {
    for (int64_t c = 0; c < case_.columns; ++c) {
      x_.data()[(c / kChunkChannels * slots_ + row) * kChunkChannels + c % kChunkChannels] =
          static_cast<uint8_t>(random_.Value(run.x, -127, 127, c) + kernels_.zero_code);
    }
  }
}

void LinearTester::MakeGelu(const LinearRunCase& run) {
  for (auto& table : gelu_) {
    for (int8_t& entry : table) entry = static_cast<int8_t>(random_.Uniform(-127, 127));
    table[0] = table[1];
  }
  gelu_class_.assign(static_cast<size_t>(case_.channels), run.classes == GeluClasses::kAll ? 1 : 0);
  if (run.classes == GeluClasses::kSome) {
    for (uint8_t& channel_class : gelu_class_) {
      channel_class = static_cast<uint8_t>(random_.Uniform(0, 4) == 0 ? 1 : 0);
    }
  }

  uint8_t* const tables = gelu_tables_.Resize(512);
  for (size_t i = 0; i < 512; ++i) {
    const auto u = static_cast<int8_t>(static_cast<int>(i % 256) - kernels_.zero_code);
    tables[i] = static_cast<uint8_t>(arithmetic::Gelu(gelu_, static_cast<uint8_t>(i / 256), u) +
                                     kernels_.zero_code);
  }
  const int64_t groups = ChunksOf(case_.channels) * (kChunkChannels / kChannelGroup);
  std::fill_n(gelu_groups_.Resize(groups), groups, uint16_t{0});
  for (size_t channel = 0; channel < gelu_class_.size(); ++channel) {
    uint16_t& group = gelu_groups_.data()[channel / kChannelGroup];
    group = static_cast<uint16_t>(group | gelu_class_[channel] << channel % kChannelGroup);
  }
}

LinearArgs LinearTester::ArgsOf(const LinearRunCase& run) {
  const int64_t padded = ChunksOf(case_.channels) * kChunkChannels;
  LinearArgs args = {.matrix = view_,
                     .start = start_.data(),
                     .shift = shift_.data(),
                     .multiplier = multiplier_.data(),
                     .x = x_.data(),
                     .x_chunk_stride = slots_ * kChunkChannels,
                     .rows = run.rows,
                     .output = run.output,
                     .y8 = nullptr,
                     .y8_chunk_stride = slots_ * kChunkChannels,
                     .y16 = nullptr,
                     .residual = nullptr,
                     .y16_stride = padded,
                     .gelu_tables = nullptr,
                     .gelu_class = nullptr};
  switch (run.output) {
    case LinearOutput::kInt8Gelu:
      MakeGelu(run);
      args.gelu_tables = gelu_tables_.data();
      args.gelu_class = gelu_groups_.data();
      [[fallthrough]];
    case LinearOutput::kInt8:
      args.y8 = y8_.Resize(padded * slots_);
      break;
    case LinearOutput::kInt16Residual: {
      int16_t* const residual = residual_.Resize(run.rows * padded);
      for (int64_t i = 0; i < run.rows * padded; ++i) {
        residual[i] = static_cast<int16_t>(random_.Value(run.x, -32768, 32767, i / 3));
      }
      args.residual = residual;
      [[fallthrough]];
    }
    case LinearOutput::kInt16:
      args.y16 = y16_.Resize(run.rows * padded);
      break;
  }
  return args;
}

void LinearTester::Check(const LinearRunCase& run) {
  SCOPED_TRACE(testing::Message() << kernels_.name << ", pattern " << case_.pattern.ToString()
                                  << ", columns " << case_.columns << ", channels "
                                  << case_.channels << ", weights " << case_.weights
                                  << ", constants " << case_.constants << ", rows " << run.rows
                                  << ", output " << static_cast<int>(run.output) << ", classes "
                                  << static_cast<int>(run.classes) << ", x " << run.x << ", seed "
                                  << case_.seed);
  MakeActivations(run);
  kernels_.linear(ArgsOf(run));
  if (run.output == LinearOutput::kInt8 || run.output == LinearOutput::kInt8Gelu) {
    CompareInt8(run);
  } else {
    CompareInt16(run);
  }
  CompareGuards();
}

int8_t LinearTester::X(int64_t row, int64_t column) const {
  const int64_t cell = column / kChunkChannels * slots_ + row;
  return static_cast<int8_t>(x_.data()[cell * kChunkChannels + column % kChunkChannels] -
                             kernels_.zero_code);
}

int32_t LinearTester::Accumulate(int64_t row, int64_t channel) const {
  const NmMatrix& weights = parameters_.weights;
  const int64_t entries = weights.entries_per_row();
  int32_t sum = parameters_.bias[static_cast<size_t>(channel)];
  for (int64_t entry = 0; entry < entries; ++entry) {
    sum += weights.values[static_cast<size_t>(channel * entries + entry)] *
           X(row, weights.Column(channel, entry));
  }
  return sum;
}

void LinearTester::CompareInt8(const LinearRunCase& run) const {
  for (int64_t channel = 0; channel < case_.channels; ++channel) {
    const auto index = static_cast<size_t>(channel);
    const uint8_t* const cells =
        y8_.data() + channel / kChunkChannels * slots_ * kChunkChannels + channel % kChunkChannels;
    for (int64_t row = 0; row < run.rows; ++row) {
      int8_t expected = arithmetic::Requantize8(Accumulate(row, channel), parameters_.shift[index],
                                                parameters_.multiplier[index]);
      if (run.output == LinearOutput::kInt8Gelu) {
        expected = arithmetic::Gelu(gelu_, gelu_class_[index], expected);
      }
      const int actual = static_cast<int8_t>(cells[row * kChunkChannels] - kernels_.zero_code);
      ASSERT_EQ(actual, expected) << "row " << row << ", channel " << channel;
    }
    // Cells of rows that do not exist are another block's business.
    for (int64_t row = run.rows; row < slots_; ++row) {
      ASSERT_EQ(cells[row * kChunkChannels], kGuardByte) << "row " << row << " was written";
    }
  }
}

void LinearTester::CompareInt16(const LinearRunCase& run) const {
  const int64_t stride = ChunksOf(case_.channels) * kChunkChannels;
  for (int64_t channel = 0; channel < case_.channels; ++channel) {
    const auto index = static_cast<size_t>(channel);
    for (int64_t row = 0; row < run.rows; ++row) {
      int16_t expected = arithmetic::Requantize16(
          Accumulate(row, channel), parameters_.shift[index], parameters_.multiplier[index]);
      if (run.output == LinearOutput::kInt16Residual) {
        expected = arithmetic::ResidualAdd(residual_.data()[row * stride + channel], expected);
      }
      ASSERT_EQ(y16_.data()[row * stride + channel], expected)
          << "row " << row << ", channel " << channel;
    }
  }
}

void LinearTester::CompareGuards() const {
  EXPECT_TRUE(y8_.GuardsAreIntact());
  EXPECT_TRUE(y16_.GuardsAreIntact());
}

}  // namespace sta::emulator
