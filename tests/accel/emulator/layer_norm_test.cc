// SPDX-License-Identifier: Apache-2.0
//
// `layer_norm` of every instruction set against accel/arithmetic/layer_norm.h and int8_view.h.
#include "accel/arithmetic/layer_norm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "accel/arithmetic/int8_view.h"
#include "tests/accel/emulator/guarded_buffer.h"
#include "tests/accel/emulator/kernel_test.h"
#include "tests/support/random_values.h"

namespace sta::emulator {
namespace {

struct LayerNormCase {
  int64_t width = 1;
  int64_t rows = 1;
  bool has_view = true;
  Fill x = Fill::kRandom;
  int64_t x_spread = 32767;
  Fill constants = Fill::kRandom;
  uint64_t seed = 1;
};

class LayerNormTester {
 public:
  explicit LayerNormTester(const KernelTable& kernels) : kernels_(kernels) {}

  void Check(const LayerNormCase& c) {
    SCOPED_TRACE(testing::Message()
                 << kernels_.name << ", width " << c.width << ", rows " << c.rows << ", view "
                 << c.has_view << ", x " << c.x << " within " << c.x_spread << ", constants "
                 << c.constants << ", seed " << c.seed);
    LayerNormArgs args = ArgsOf(c);
    kernels_.layer_norm(args);
    for (int64_t row = 0; row < c.rows; ++row) CompareRow(c, args, row);
    EXPECT_TRUE(y_.GuardsAreIntact());
    EXPECT_TRUE(y8_.GuardsAreIntact());
  }

 private:
  LayerNormArgs ArgsOf(const LayerNormCase& c) {
    RandomValues random(c.seed);
    const int64_t stride = (c.width + kChunkChannels - 1) / kChunkChannels * kChunkChannels;
    slots_ = c.rows + random.Uniform(0, 2);
    int16_t* const x = x_.Resize(c.rows * stride);
    for (int64_t i = 0; i < c.rows * stride; ++i) {
      // Padding holds anything.
      const bool is_padding = i % stride >= c.width;
      const int64_t spread = is_padding ? 32767 : c.x_spread;
      x[i] = static_cast<int16_t>(
          random.Value(is_padding ? Fill::kRandom : c.x, -spread - 1, spread, i));
    }
    std::fill_n(gain_.Resize(stride), stride, int16_t{0});
    std::fill_n(bias_.Resize(stride), stride, int16_t{0});
    std::fill_n(view_.Resize(stride), stride, int16_t{0});
    for (int64_t i = 0; i < c.width; ++i) {
      gain_.data()[i] = static_cast<int16_t>(random.Value(c.constants, -32767, 32767, i));
      bias_.data()[i] = static_cast<int16_t>(random.Value(c.constants, -32767, 32767, i / 2));
      view_.data()[i] = static_cast<int16_t>(random.Value(c.constants, 1, 32767, i / 3));
    }
    return {.x = x,
            .y = y_.Resize(c.rows * stride),
            .stride = stride,
            .width = c.width,
            .rows = c.rows,
            .mean_reciprocal = arithmetic::MeanReciprocal(c.width),
            .epsilon = static_cast<uint64_t>(random.Value(
                c.constants, 1, arithmetic::kMaxLayerNormEpsilon, random.Uniform(0, 1))),
            .gain = gain_.data(),
            .bias = bias_.data(),
            .view = c.has_view ? view_.data() : nullptr,
            .y8 = y8_.Resize(stride * slots_),
            .y8_chunk_stride = slots_ * kChunkChannels};
  }

  void CompareRow(const LayerNormCase& c, const LayerNormArgs& args, int64_t row) const {
    const auto width = static_cast<size_t>(c.width);
    std::vector<int16_t> expected(width);
    arithmetic::LayerNormRow({args.x + row * args.stride, width}, {args.gain, width},
                             {args.bias, width}, static_cast<int64_t>(args.epsilon), expected);
    for (int64_t i = 0; i < c.width; ++i) {
      const int16_t value = expected[static_cast<size_t>(i)];
      ASSERT_EQ(args.y[row * args.stride + i], value) << "row " << row << ", channel " << i;
      const int64_t cell = i / kChunkChannels * slots_ + row;
      const uint8_t code = args.y8[cell * kChunkChannels + i % kChunkChannels];
      const int expected_code =
          c.has_view ? static_cast<uint8_t>(arithmetic::Int8View(value, view_.data()[i]) +
                                            kernels_.zero_code)
                     : kGuardByte;
      ASSERT_EQ(code, expected_code) << "view of row " << row << ", channel " << i;
    }
    // Cells of rows that do not exist are another block's business.
    for (int64_t slot = c.rows; slot < slots_; ++slot) {
      ASSERT_EQ(args.y8[slot * kChunkChannels], kGuardByte) << "row " << slot << " was written";
    }
  }

  const KernelTable& kernels_;
  int64_t slots_ = 0;  // rows that a cell's chunk has room for
  GuardedBuffer<int16_t> x_;
  GuardedBuffer<int16_t> y_;
  GuardedBuffer<int16_t> gain_;
  GuardedBuffer<int16_t> bias_;
  GuardedBuffer<int16_t> view_;
  GuardedBuffer<uint8_t> y8_;
};

using LayerNormTest = KernelTest;
STA_FOR_EVERY_INSTRUCTION_SET(LayerNormTest);

TEST_P(LayerNormTest, EveryWidth) {
  LayerNormTester tester(*GetParam());
  uint64_t seed = 60'000;
  for (int64_t width = 1; width <= 200; ++width) {
    for (int round = 0; round < 16 && !HasFailure(); ++round) {
      RandomValues random(++seed);
      tester.Check({.width = width,
                    .rows = random.Uniform(1, kMaxBlockRows),
                    .has_view = random.Uniform(0, 3) != 0,
                    .x = round % 2 == 0 ? Fill::kRandom : kFills[random.Uniform(0, 4)],
                    .x_spread = random.Pick<int64_t>({0, 1, 30, 3000, 32767}),
                    .constants = round % 3 != 0 ? Fill::kRandom : kFills[random.Uniform(0, 4)],
                    .seed = seed});
    }
  }
}

TEST_P(LayerNormTest, WideRows) {
  LayerNormTester tester(*GetParam());
  uint64_t seed = 70'000;
  for (const int64_t width : {384, 768, 1000, 1024, 2047, 4095, 4096}) {
    for (const Fill x : kFills) {
      for (const Fill constants : kFills) {
        if (HasFailure()) return;
        tester.Check({.width = width, .rows = 2, .x = x, .constants = constants, .seed = ++seed});
      }
    }
  }
}

// The mean's reciprocal is rounded, so the mean of a wide row of equal values can leave int16.
TEST_P(LayerNormTest, RowsWhoseMeanLeavesInt16) {
  LayerNormTester tester(*GetParam());
  int64_t beyond = 0;
  for (int64_t width = 512; width <= arithmetic::kMaxHiddenSize && !HasFailure(); width += 13) {
    const int64_t reciprocal = arithmetic::MeanReciprocal(width);
    for (const Fill x : {Fill::kLow, Fill::kHigh}) {
      const int64_t value = x == Fill::kLow ? -32768 : 32767;
      const int32_t mean = arithmetic::LayerNormMean(width * value, reciprocal);
      if (mean >= -32768 && mean <= 32767) continue;
      ++beyond;
      tester.Check({.width = width,
                    .x = x,
                    .constants = Fill::kRandom,
                    .seed = static_cast<uint64_t>(width)});
    }
  }
  EXPECT_GT(beyond, 50);
}

}  // namespace
}  // namespace sta::emulator
