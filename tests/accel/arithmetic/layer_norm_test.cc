// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/layer_norm.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/support/golden.h"

namespace sta::arithmetic {
namespace {

using Row = std::vector<int16_t>;

Row LayerNorm(const Row& x, const Row& gain, const Row& bias, int64_t epsilon) {
  Row output(x.size());
  LayerNormRow(x, gain, bias, epsilon, output);
  return output;
}

TEST(LayerNormTest, MeanReciprocalIsRounded) {
  EXPECT_EQ(MeanReciprocal(1), 1 << 24);
  EXPECT_EQ(MeanReciprocal(4), 1 << 22);
  EXPECT_EQ(MeanReciprocal(64), 262144);
  EXPECT_EQ(MeanReciprocal(384), 43691);  // 43690.67
  EXPECT_EQ(MeanReciprocal(768), 21845);  // 21845.33
  EXPECT_EQ(MeanReciprocal(4096), 4096);
}

TEST(LayerNormTest, MeanRoundsTiesUp) {
  EXPECT_EQ(LayerNormMean(600, MeanReciprocal(4)), 150);
  EXPECT_EQ(LayerNormMean(2, MeanReciprocal(4)), 1);    // 0.5
  EXPECT_EQ(LayerNormMean(-2, MeanReciprocal(4)), 0);   // -0.5
  EXPECT_EQ(LayerNormMean(-6, MeanReciprocal(4)), -1);  // -1.5
  EXPECT_EQ(LayerNormMean(int64_t{-32768} * 4096, MeanReciprocal(4096)), -32768);
  EXPECT_EQ(LayerNormMean(int64_t{32767} * 4096, MeanReciprocal(4096)), 32767);
}

TEST(LayerNormTest, EqualsWorkedExample) {
  EXPECT_EQ(LayerNorm({100, -200, 300, 400}, {1000, 2000, -3000, 32767}, {10, -10, 0, 5}, 1),
            (Row{-99, -1537, -982, 17880}));
  const ReciprocalSquareRoot rsqrt = {18305, 8};
  EXPECT_EQ(LayerNormNormalize(-50, rsqrt), -3575);
  EXPECT_EQ(LayerNormNormalize(-350, rsqrt), -25026);
  EXPECT_EQ(LayerNormNormalize(150, rsqrt), 10726);
  EXPECT_EQ(LayerNormNormalize(250, rsqrt), 17876);
}

TEST(LayerNormTest, EqualsGolden) {
  const auto golden = LoadGolden("arithmetic/layernorm.json")["rows"];
  ASSERT_EQ(golden.size(), 6u);
  for (const auto& row : golden) {
    EXPECT_EQ(MeanReciprocal(row["H"]), row["M"].get<int64_t>());
    EXPECT_EQ(LayerNorm(row["x"], row["g"], row["b"], row["eps"]), row["y"].get<Row>());
  }
}

TEST(LayerNormTest, ConstantRowGivesTheBias) {
  for (const int16_t value : {-32768, -1, 0, 1, 32767}) {
    EXPECT_EQ(LayerNorm(Row(48, value), Row(48, 32767), Row(48, -321), 1), Row(48, -321));
  }
}

TEST(LayerNormTest, SaturatesDifferenceAndOutputAtBothEnds) {
  // One channel at each end, the others in the middle: d saturates on neither side alone, but the
  // mean pushes -32768 - mean below the int16 range.
  Row x(8, 32767);
  x[0] = -32768;
  const Row low = LayerNorm(x, Row(8, 32767), Row(8, -32767), 1);
  EXPECT_EQ(low[0], -32768);
  const Row high = LayerNorm(x, Row(8, -32767), Row(8, 32767), 1);
  EXPECT_EQ(high[0], 32767);
}

TEST(LayerNormTest, WidestRowAtItsEndsStaysInRange) {
  Row x(4096);
  for (size_t c = 0; c < x.size(); ++c) x[c] = c % 2 == 0 ? 32767 : -32768;
  const Row output = LayerNorm(x, Row(4096, 32767), Row(4096, 0), kMaxLayerNormEpsilon);
  // d / sqrt(W) is 1/64: W = 4096 * 2^30 + 2^31 is 2^42 to four digits.
  EXPECT_NEAR(output[0], 511, 2);
  EXPECT_NEAR(output[1], -511, 2);
}

TEST(LayerNormTest, LargestEpsilonFlattensTheRow) {
  EXPECT_EQ(LayerNorm({1, -1}, {32767, 32767}, {7, 7}, kMaxLayerNormEpsilon), (Row{8, 6}));
}

TEST(LayerNormTest, WorksInPlaceAndOnOneChannel) {
  Row x = {100, -200, 300, 400};
  LayerNormRow(x, Row{1000, 2000, -3000, 32767}, Row{10, -10, 0, 5}, 1, x);
  EXPECT_EQ(x, (Row{-99, -1537, -982, 17880}));
  EXPECT_EQ(LayerNorm({-32768}, {32767}, {-5}, 1), (Row{-5}));
}

}  // namespace
}  // namespace sta::arithmetic
