// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/softmax.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "tests/support/golden.h"

namespace sta::arithmetic {
namespace {

TEST(SoftmaxTest, TableIsTheDocumentedOne) {
  EXPECT_EQ(std::accumulate(kExpTable.begin(), kExpTable.end(), 0), 5910);
  EXPECT_EQ(kExpTable[255], 0);
  for (size_t d = 0; d < 255; ++d) {
    // Exact powers of two at multiples of 32, so that the tie at 32 is seen as one.
    const double exact = std::ldexp(127.0 * std::exp2(-static_cast<double>(d % 32) / 32.0),
                                    -static_cast<int>(d / 32));
    EXPECT_EQ(kExpTable[d], std::floor(exact + 0.5)) << d;
  }
  const auto golden = LoadGolden("arithmetic/tables.json")["exp2"];
  ASSERT_EQ(golden.size(), kExpTable.size());
  for (size_t d = 0; d < golden.size(); ++d) EXPECT_EQ(kExpTable[d], golden[d].get<int>()) << d;
}

TEST(SoftmaxTest, EqualsWorkedExample) {
  const std::vector<int16_t> t = {100, 68, 36, -200, 90};
  std::vector<uint8_t> p(t.size());
  EXPECT_EQ(SoftmaxRow(t, p), 325);
  EXPECT_EQ(p, (std::vector<uint8_t>{127, 64, 32, 0, 102}));
}

TEST(SoftmaxTest, DistanceIsClampedNotWrapped) {
  EXPECT_EQ(Probability(0, -254), 1);
  EXPECT_EQ(Probability(0, -255), 0);
  EXPECT_EQ(Probability(0, -256), 0);  // 256 would wrap to 0 in eight bits
  EXPECT_EQ(Probability(32767, -32768), 0);
  EXPECT_EQ(Probability(32767, -32767), 0);
  EXPECT_EQ(Probability(-32768, -32768), 127);
}

TEST(SoftmaxTest, EveryRowSumsToAtLeastOneMaximum) {
  std::vector<uint8_t> p(3);
  EXPECT_EQ(SoftmaxRow(std::vector<int16_t>{32767, -32768, -32768}, p), 127);
  EXPECT_EQ(SoftmaxRow(std::vector<int16_t>{-5, -5, -5}, p), 3 * 127);
  EXPECT_EQ(SoftmaxRow(std::vector<int16_t>{9}, std::span(p).first(1)), 127);
}

TEST(SoftmaxTest, EqualsGolden) {
  const auto golden = LoadGolden("arithmetic/softmax.json")["rows"];
  ASSERT_EQ(golden.size(), 4u);
  for (const auto& group : golden) {
    for (size_t row = 0; row < group["t"].size(); ++row) {
      const auto t = group["t"][row].get<std::vector<int16_t>>();
      std::vector<uint8_t> p(t.size());
      EXPECT_EQ(SoftmaxRow(t, p), group["sum"][row].get<int>());
      EXPECT_EQ(p, group["p"][row].get<std::vector<uint8_t>>());
    }
  }
}

}  // namespace
}  // namespace sta::arithmetic
