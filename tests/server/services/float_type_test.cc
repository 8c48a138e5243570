// SPDX-License-Identifier: Apache-2.0
#include "server/services/float_type.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sta {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// What the bits of a finite half are worth.
float ValueOfFp16(uint32_t half) {
  const auto mantissa = static_cast<float>(half & 0x3FFU);
  const int exponent = static_cast<int>((half >> 10U) & 0x1FU);
  const float magnitude =
      exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa + 1024.0F, exponent - 25);
  return (half & 0x8000U) != 0 ? -magnitude : magnitude;
}

TEST(FloatTypeTest, EveryHalfStaysWhatItIs) {
  for (uint32_t half = 0; half < 0x7C00; ++half) {
    ASSERT_EQ(ToFp16(ValueOfFp16(half)), half);
    ASSERT_EQ(ToFp16(ValueOfFp16(half | 0x8000U)), half | 0x8000U);
  }
}

TEST(FloatTypeTest, BetweenTwoHalvesTheNearestOrTheEvenOne) {
  for (uint32_t half = 0; half < 0x7BFF; ++half) {
    // Exact: a float has more bits than are needed for the middle.
    const float middle = (ValueOfFp16(half) + ValueOfFp16(half + 1)) / 2;
    ASSERT_EQ(ToFp16(middle), half % 2 == 0 ? half : half + 1);
    ASSERT_EQ(ToFp16(std::nextafter(middle, 0.0F)), half);
    ASSERT_EQ(ToFp16(std::nextafter(middle, kInfinity)), half + 1);
  }
}

TEST(FloatTypeTest, WhatAHalfCannotHold) {
  EXPECT_EQ(ToFp16(std::nextafter(65520.0F, 0.0F)), 0x7BFF);  // the largest
  EXPECT_EQ(ToFp16(65520.0F), 0x7C00);
  EXPECT_EQ(ToFp16(-1e30F), 0xFC00);
  EXPECT_EQ(ToFp16(kInfinity), 0x7C00);
  EXPECT_EQ(ToFp16(std::numeric_limits<float>::denorm_min()), 0);
  EXPECT_EQ(ToFp16(-0.0F), 0x8000);
  EXPECT_EQ(ToFp16(std::numeric_limits<float>::quiet_NaN()) & 0x7FFF, 0x7E00);
}

TEST(FloatTypeTest, Bfloat16RoundsToEven) {
  EXPECT_EQ(ToBf16(1.0F), 0x3F80);
  EXPECT_EQ(ToBf16(std::bit_cast<float>(0x3F80'8000U)), 0x3F80);  // a tie, even below
  EXPECT_EQ(ToBf16(std::bit_cast<float>(0x3F81'8000U)), 0x3F82);  // a tie, even above
  EXPECT_EQ(ToBf16(std::bit_cast<float>(0x3F80'8001U)), 0x3F81);
  EXPECT_EQ(ToBf16(std::bit_cast<float>(0x3F80'7FFFU)), 0x3F80);
  EXPECT_EQ(ToBf16(std::numeric_limits<float>::max()), 0x7F80);  // rounds to infinity
  EXPECT_EQ(ToBf16(-kInfinity), 0xFF80);
  EXPECT_EQ(ToBf16(std::bit_cast<float>(0x7F80'0001U)), 0x7FC0);  // NaN stays one
}

}  // namespace
}  // namespace sta
