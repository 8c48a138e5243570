// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/requantize.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>

#include "tests/support/golden.h"

namespace sta::arithmetic {
namespace {

constexpr int32_t kMost = std::numeric_limits<int32_t>::max();
constexpr int32_t kLeast = std::numeric_limits<int32_t>::min();

struct RequantizeCase {
  int32_t accumulator;
  int32_t shift;
  int16_t multiplier;
  int16_t y16;
  int8_t y8;
};

TEST(RequantizeTest, EqualsWorkedExamplesTiesAndEnds) {
  const RequantizeCase cases[] = {
      {12345, 4, 3000, 71, 71},         // the three of docs/arithmetic.md
      {-12345, 4, 3000, -71, -71},      //
      {600000, 4, 2048, 2048, 127},     // saturates to 32767 first
      {-600000, 4, 2048, -2048, -127},  // saturates to -32768 first
      {kMost, 0, 32767, 32766, 127},    //
      {kLeast, 0, 32767, -32767, -127},
      {kMost, 31, 32767, 0, 0},
      {kLeast, 31, 32767, -1, -1},  // the floor of the shift is -1
      {-1, 31, 16384, 0, 0},        // a tie, rounded up
      {1, 0, 16384, 1, 1},          // a tie, rounded up
      {-3, 0, 16384, -1, -1},       // a tie, rounded up
      {-128, 0, 32767, -128, -127},
      {12345, 0, 0, 0, 0},
  };
  for (const RequantizeCase& c : cases) {
    SCOPED_TRACE(testing::Message() << c.accumulator << " >> " << c.shift << " * " << c.multiplier);
    EXPECT_EQ(Requantize16(c.accumulator, c.shift, c.multiplier), c.y16);
    EXPECT_EQ(Requantize8(c.accumulator, c.shift, c.multiplier), c.y8);
  }
}

TEST(RequantizeTest, EqualsGolden) {
  const auto golden = LoadGolden("arithmetic/requant.json");
  ASSERT_EQ(golden["acc"].size(), 300u);
  for (size_t i = 0; i < golden["acc"].size(); ++i) {
    const int32_t accumulator = golden["acc"][i];
    const int32_t shift = golden["s"][i];
    const int16_t multiplier = golden["m"][i];
    EXPECT_EQ(Requantize16(accumulator, shift, multiplier), golden["y16"][i].get<int>()) << i;
    EXPECT_EQ(Requantize8(accumulator, shift, multiplier), golden["y8"][i].get<int>()) << i;
  }
}

TEST(RequantizeTest, EqualsGoldenOfWholeLinearLayer) {
  const auto golden = LoadGolden("arithmetic/linear.json");
  for (size_t t = 0; t < golden["x"].size(); ++t) {
    for (size_t n = 0; n < golden["w"].size(); ++n) {
      int32_t accumulator = golden["bias"][n];
      for (size_t k = 0; k < golden["x"][t].size(); ++k) {
        accumulator += golden["x"][t][k].get<int>() * golden["w"][n][k].get<int>();
      }
      EXPECT_EQ(accumulator, golden["acc"][t][n].get<int>());
      EXPECT_EQ(Requantize8(accumulator, golden["s"][n], golden["m"][n]),
                golden["y8"][t][n].get<int>());
      EXPECT_EQ(Requantize16(accumulator, golden["s"][n], golden["m"][n]),
                golden["y16"][t][n].get<int>());
    }
  }
}

TEST(RequantizeTest, LargestAccumulatorFitsInt32) {
  constexpr int64_t kLargest = kMaxInputDimension * 127 * 127 + kBiasLimit;
  static_assert(kLargest <= kMost);
}

}  // namespace
}  // namespace sta::arithmetic
