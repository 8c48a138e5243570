// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/quant_multiplier.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace sta::arithmetic {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(QuantMultiplierTest, EqualsWorkedExamples) {
  EXPECT_EQ(QuantMultiplier(0.00123, kInt8OutputBits), (Scale{6, 2579}));
  EXPECT_EQ(QuantMultiplier(0.061, kInt16OutputBits), (Scale{4, 31982}));
}

TEST(QuantMultiplierTest, RefusesRatiosThatAreNotPositiveAndFinite) {
  for (const double ratio : {0.0, -0.5, kInfinity, -kInfinity, kNan}) {
    EXPECT_EQ(QuantMultiplier(ratio, kInt8OutputBits), std::nullopt) << ratio;
    EXPECT_EQ(QuantContext(ratio), std::nullopt) << ratio;
  }
}

TEST(QuantMultiplierTest, RoundingUpToAPowerOfTwoLowersTheShift) {
  // Just under 2^-4: the mantissa rounds to 4096 = 2^12, which is halved.
  EXPECT_EQ(QuantMultiplier(std::nextafter(0.0625, 0.0), kInt8OutputBits), (Scale{0, 2048}));
  EXPECT_EQ(QuantMultiplier(0.0625, kInt8OutputBits), (Scale{0, 2048}));
  EXPECT_EQ(QuantMultiplier(std::nextafter(0.03125, 0.0), kInt8OutputBits), (Scale{1, 2048}));
}

TEST(QuantMultiplierTest, ClampsAtBothEnds) {
  EXPECT_EQ(QuantMultiplier(1.0, kInt16OutputBits), (Scale{0, 32767}));
  EXPECT_EQ(QuantMultiplier(1e30, kInt16OutputBits), (Scale{0, 32767}));
  EXPECT_EQ(QuantMultiplier(1e-30, kInt8OutputBits), (Scale{31, 0}));
  EXPECT_EQ(QuantMultiplier(std::numeric_limits<double>::denorm_min(), 12), (Scale{31, 0}));
}

TEST(QuantMultiplierTest, KeepsTheWantedNumberOfBits) {
  for (double ratio = 1e-6; ratio < 0.05; ratio *= 1.37) {
    const Scale scale = *QuantMultiplier(ratio, kInt8OutputBits);
    EXPECT_GE(scale.multiplier, 2048) << ratio;
    EXPECT_LE(scale.multiplier, 4096) << ratio;
    EXPECT_NEAR(std::ldexp(scale.multiplier, -15 - scale.shift) / ratio, 1.0, 1.0 / 4096) << ratio;
  }
}

TEST(QuantMultiplierTest, FoldBiasAddsOffsetsAndRounding) {
  EXPECT_EQ(FoldBias({.bias = 100.4}), 100);
  EXPECT_EQ(FoldBias({.bias = 100.4, .scale = {4, 3000}}), 108);
  EXPECT_EQ(FoldBias({.bias = 0.0, .scale = {4, 3000}, .input_zero = -34, .weight_sum = 10}), 348);
  // z_out * 2^(15 + 4) / 4096 = -120 * 128.
  EXPECT_EQ(FoldBias({.bias = 7.0, .scale = {4, 4096}, .output_zero = -120}), 7 - 15360 + 8);
}

TEST(QuantMultiplierTest, FoldBiasRefusesWhatDoesNotFit) {
  constexpr double kLimit = kBiasLimit;
  EXPECT_EQ(FoldBias({.bias = kLimit - 1}), kBiasLimit - 1);
  EXPECT_EQ(FoldBias({.bias = kLimit}), std::nullopt);
  EXPECT_EQ(FoldBias({.bias = -kLimit + 1}), -(kBiasLimit - 1));
  EXPECT_EQ(FoldBias({.bias = -kLimit}), std::nullopt);
  EXPECT_EQ(FoldBias({.bias = kNan}), std::nullopt);
  EXPECT_EQ(FoldBias({.bias = 1.0, .scale = {31, 0}, .output_zero = 5}), std::nullopt);
  EXPECT_EQ(FoldBias({.bias = kLimit - 1, .scale = {1, 3000}}), std::nullopt);
}

TEST(QuantMultiplierTest, Int8ViewMultiplierIsClamped) {
  EXPECT_EQ(Int8ViewMultiplier(0.001, 0.04, 1.0), 819);
  EXPECT_EQ(Int8ViewMultiplier(0.001, 0.04, 2.0), 410);
  EXPECT_EQ(Int8ViewMultiplier(1.0, 0.5, 1.0), 32767);
  EXPECT_EQ(Int8ViewMultiplier(1e-9, 1.0, 1.0), 1);
}

TEST(QuantMultiplierTest, LayerNormConstantsRefuseMinus32768) {
  EXPECT_EQ(LayerNormConstant(32767.4), 32767);
  EXPECT_EQ(LayerNormConstant(-32767.4), -32767);
  EXPECT_EQ(LayerNormConstant(32767.6), std::nullopt);
  EXPECT_EQ(LayerNormConstant(-32768.0), std::nullopt);
  EXPECT_EQ(LayerNormConstant(kNan), std::nullopt);
}

TEST(QuantMultiplierTest, LayerNormEpsilonIsClamped) {
  EXPECT_EQ(LayerNormEpsilon(1e-12, 384, 1e-3), 1);
  EXPECT_EQ(LayerNormEpsilon(1e-5, 384, 1e-3), 3840);
  EXPECT_EQ(LayerNormEpsilon(1.0, 4096, 1e-9), kMaxLayerNormEpsilon);
  EXPECT_EQ(LayerNormEpsilon(1e-5, 384, 0.0), kMaxLayerNormEpsilon);
}

TEST(QuantMultiplierTest, ContextScaleFollowsItsFormula) {
  EXPECT_EQ(QuantContext(0.7), (ContextScale{3, 2867}));  // k = 4 - 1
  EXPECT_EQ(QuantContext(1.0), (ContextScale{4, 2048}));  // k = 4
  EXPECT_EQ(QuantContext(2.5), (ContextScale{5, 2560}));  // k = 4 + 1
  EXPECT_EQ(QuantContext(8.0), (ContextScale{6, 4096}));  // k clamped to 6
  EXPECT_EQ(QuantContext(1e6), (ContextScale{6, 32767}));
  EXPECT_EQ(QuantContext(0.01), (ContextScale{0, 328}));  // k clamped to 0
  EXPECT_EQ(QuantContext(1e-5), std::nullopt);
}

}  // namespace
}  // namespace sta::arithmetic
