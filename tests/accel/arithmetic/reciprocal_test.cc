// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/reciprocal.h"

#include <gtest/gtest.h>

#include <cstddef>

#include "tests/support/golden.h"

namespace sta::arithmetic {
namespace {

TEST(ReciprocalTest, EqualsWorkedExamplesAndEnds) {
  EXPECT_EQ(Reciprocal(224), (RowReciprocal{18724, 7}));
  EXPECT_EQ(Reciprocal(127), (RowReciprocal{16513, 6}));
  EXPECT_EQ(Reciprocal(1000), (RowReciprocal{16777, 9}));
  EXPECT_EQ(Reciprocal(70000), (RowReciprocal{30678, 16}));
  EXPECT_EQ(Reciprocal(128), (RowReciprocal{32767, 7}));           // 2^30 / 2^15 is one too many
  EXPECT_EQ(Reciprocal(32768), (RowReciprocal{32767, 15}));        //
  EXPECT_EQ(Reciprocal(65535), (RowReciprocal{16384, 15}));        // the smallest mantissa
  EXPECT_EQ(Reciprocal(65536), (RowReciprocal{32767, 16}));        // the first right shift
  EXPECT_EQ(Reciprocal(127 * 65536), (RowReciprocal{16513, 22}));  // the longest sequence
}

TEST(ReciprocalTest, EqualsGolden) {
  const auto golden = LoadGolden("arithmetic/recip.json");
  ASSERT_EQ(golden["sum"].size(), 202u);
  for (size_t i = 0; i < golden["sum"].size(); ++i) {
    const RowReciprocal result = Reciprocal(golden["sum"][i]);
    EXPECT_EQ(result.mantissa, golden["r"][i].get<int>()) << golden["sum"][i];
    EXPECT_EQ(result.exponent, golden["e"][i].get<int>()) << golden["sum"][i];
  }
}

}  // namespace
}  // namespace sta::arithmetic
