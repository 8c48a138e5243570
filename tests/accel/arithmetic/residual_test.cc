// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/residual.h"

#include <gtest/gtest.h>

#include <cstddef>

#include "tests/support/golden.h"

namespace sta::arithmetic {
namespace {

TEST(ResidualTest, SaturatesAtBothEnds) {
  EXPECT_EQ(ResidualAdd(30000, 10000), 32767);
  EXPECT_EQ(ResidualAdd(32767, 32767), 32767);
  EXPECT_EQ(ResidualAdd(32766, 1), 32767);
  EXPECT_EQ(ResidualAdd(-32768, -32768), -32768);
  EXPECT_EQ(ResidualAdd(-32768, -1), -32768);
  EXPECT_EQ(ResidualAdd(-32768, 32767), -1);
  EXPECT_EQ(ResidualAdd(-32767, -1), -32768);
}

TEST(ResidualTest, EqualsGolden) {
  const auto golden = LoadGolden("arithmetic/residual_add.json");
  ASSERT_EQ(golden["y"].size(), 100u);
  for (size_t i = 0; i < golden["y"].size(); ++i) {
    EXPECT_EQ(ResidualAdd(golden["a"][i], golden["b"][i]), golden["y"][i].get<int>()) << i;
  }
}

}  // namespace
}  // namespace sta::arithmetic
