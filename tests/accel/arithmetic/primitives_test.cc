// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/primitives.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "tests/support/golden.h"

namespace sta::arithmetic {
namespace {

TEST(PrimitivesTest, Saturate16ClampsBothEnds) {
  EXPECT_EQ(Saturate16(32767), 32767);
  EXPECT_EQ(Saturate16(32768), 32767);
  EXPECT_EQ(Saturate16(-32768), -32768);
  EXPECT_EQ(Saturate16(-32769), -32768);
  EXPECT_EQ(Saturate16(std::numeric_limits<int64_t>::max()), 32767);
  EXPECT_EQ(Saturate16(std::numeric_limits<int64_t>::min()), -32768);
  EXPECT_EQ(Saturate16(-1), -1);
}

TEST(PrimitivesTest, Clip8NeverGivesMinus128) {
  EXPECT_EQ(Clip8(127), 127);
  EXPECT_EQ(Clip8(128), 127);
  EXPECT_EQ(Clip8(-127), -127);
  EXPECT_EQ(Clip8(-128), -127);
  EXPECT_EQ(Clip8(-40000), -127);
  EXPECT_EQ(Clip8(0), 0);
}

TEST(PrimitivesTest, MultiplyHighRoundedRoundsTiesUp) {
  EXPECT_EQ(MultiplyHighRounded(-1, 16384), 0);
  EXPECT_EQ(MultiplyHighRounded(1, 16384), 1);
  EXPECT_EQ(MultiplyHighRounded(-3, 16384), -1);
  EXPECT_EQ(MultiplyHighRounded(3, 16384), 2);
  EXPECT_EQ(MultiplyHighRounded(1234, 29127), 1097);
  EXPECT_EQ(MultiplyHighRounded(-32768, 32767), -32767);
  EXPECT_EQ(MultiplyHighRounded(32767, 32767), 32766);
  EXPECT_EQ(MultiplyHighRounded(-32768, -32767), 32767);
}

TEST(PrimitivesTest, MultiplyHighRoundedEqualsGolden) {
  const auto golden = LoadGolden("arithmetic/mulhrs.json");
  ASSERT_EQ(golden["y"].size(), 200u);
  for (size_t i = 0; i < golden["y"].size(); ++i) {
    EXPECT_EQ(MultiplyHighRounded(golden["a"][i], golden["b"][i]), golden["y"][i].get<int32_t>())
        << "case " << i;
  }
}

TEST(PrimitivesTest, RoundingShiftRightRoundsTiesUp) {
  EXPECT_EQ(RoundingShiftRight(5, 0), 5);
  EXPECT_EQ(RoundingShiftRight(-5, 0), -5);
  EXPECT_EQ(RoundingShiftRight(5, 1), 3);    // 2.5
  EXPECT_EQ(RoundingShiftRight(-5, 1), -2);  // -2.5
  EXPECT_EQ(RoundingShiftRight(6, 2), 2);    // 1.5
  EXPECT_EQ(RoundingShiftRight(-6, 2), -1);  // -1.5
  EXPECT_EQ(RoundingShiftRight(-7, 2), -2);  // -1.75
  EXPECT_EQ(RoundingShiftRight((1 << 30) - 1, 31), 0);
  EXPECT_EQ(RoundingShiftRight(-(1 << 30), 31), 0);
  EXPECT_EQ(RoundingShiftRight(-(1 << 30) - 1, 31), -1);
}

TEST(PrimitivesTest, FloorLog2FindsTheHighestBit) {
  EXPECT_EQ(FloorLog2(1), 0);
  EXPECT_EQ(FloorLog2(2), 1);
  EXPECT_EQ(FloorLog2(3), 1);
  EXPECT_EQ(FloorLog2(4), 2);
  EXPECT_EQ(FloorLog2((uint64_t{1} << 43) - 1), 42);
  EXPECT_EQ(FloorLog2(uint64_t{1} << 43), 43);
  EXPECT_EQ(FloorLog2(~uint64_t{0}), 63);
}

}  // namespace
}  // namespace sta::arithmetic
