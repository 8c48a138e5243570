// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/int8_view.h"

#include <gtest/gtest.h>

#include <cstddef>

#include "tests/support/golden.h"

namespace sta::arithmetic {
namespace {

TEST(Int8ViewTest, EqualsWorkedExamplesTiesAndEnds) {
  EXPECT_EQ(Int8View(5000, 700), 107);
  EXPECT_EQ(Int8View(-5000, 1000), -127);
  EXPECT_EQ(Int8View(-32768, 32767), -127);
  EXPECT_EQ(Int8View(32767, 32767), 127);
  EXPECT_EQ(Int8View(-32768, 1), -1);  // exactly -1
  EXPECT_EQ(Int8View(-16384, 1), 0);   // a tie, rounded up
  EXPECT_EQ(Int8View(16384, 1), 1);    // a tie, rounded up
  EXPECT_EQ(Int8View(-128, 32767), -127);
}

TEST(Int8ViewTest, EqualsGolden) {
  const auto golden = LoadGolden("arithmetic/to_int8.json");
  ASSERT_EQ(golden["y"].size(), 200u);
  for (size_t i = 0; i < golden["y"].size(); ++i) {
    EXPECT_EQ(Int8View(golden["x16"][i], golden["k"][i]), golden["y"][i].get<int>()) << i;
  }
}

}  // namespace
}  // namespace sta::arithmetic
