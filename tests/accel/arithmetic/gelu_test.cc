// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/gelu.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "accel/arithmetic/gelu_tables.h"
#include "tests/support/golden.h"

namespace sta::arithmetic {
namespace {

constexpr GeluCodes kExample = {
    .input_step = 0.043, .input_zero = -34, .output_step = 0.026, .output_zero = -120};

TEST(GeluTest, TablesEqualWorkedExample) {
  const GeluTables tables = MakeGeluTables(kExample);
  const int8_t codes[] = {-127, -34, 0, 60, 127};
  const int narrow[] = {-120, -120, -68, 35, 127};
  const int wide[] = {-120, -120, -64, 35, 127};
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(Gelu(tables, 0, codes[i]), narrow[i]) << int{codes[i]};
    EXPECT_EQ(Gelu(tables, 1, codes[i]), wide[i]) << int{codes[i]};
  }
}

TEST(GeluTest, TablesAndLookupsEqualGolden) {
  const auto golden = LoadGolden("arithmetic/gelu.json");
  const GeluTables tables = MakeGeluTables({.input_step = golden["s_in"],
                                            .input_zero = golden["z_in"],
                                            .output_step = golden["s_out"],
                                            .output_zero = golden["z_out"],
                                            .wide_ratio = golden["ratio"]});
  EXPECT_EQ(tables, golden["tables"].get<GeluTables>());
  ASSERT_EQ(golden["u"].size(), 128u);
  for (size_t i = 0; i < golden["u"].size(); ++i) {
    EXPECT_EQ(Gelu(tables, golden["cls"][i], golden["u"][i]), golden["y"][i].get<int>()) << i;
  }
}

TEST(GeluTest, EntryOfMinus128EqualsThatOfMinus127) {
  const GeluTables tables = MakeGeluTables(kExample);
  EXPECT_EQ(tables[0][0], tables[0][1]);
  EXPECT_EQ(tables[1][0], tables[1][1]);
}

TEST(GeluTest, ClipsAtBothEnds) {
  const GeluTables high =
      MakeGeluTables({.input_step = 1.0, .output_step = 0.1, .output_zero = 100});
  EXPECT_EQ(Gelu(high, 0, 127), 127);
  const GeluTables low =
      MakeGeluTables({.input_step = 0.1, .output_step = 0.01, .output_zero = -127});
  EXPECT_EQ(Gelu(low, 0, -7), -127);
  for (const auto& table : low) {
    for (const int8_t code : table) EXPECT_GE(code, -127);
  }
}

}  // namespace
}  // namespace sta::arithmetic
