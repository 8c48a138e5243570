// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/rsqrt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "tests/support/golden.h"

namespace sta::arithmetic {
namespace {

TEST(RsqrtTest, TableIsTheDocumentedOne) {
  EXPECT_EQ(kRsqrtTable[64 - kRsqrtTableFirst], 32641);
  EXPECT_EQ(kRsqrtTable[65 - kRsqrtTableFirst], 32391);
  EXPECT_EQ(kRsqrtTable[128 - kRsqrtTableFirst], 23125);
  EXPECT_EQ(kRsqrtTable[255 - kRsqrtTableFirst], 16400);
  EXPECT_EQ(std::accumulate(kRsqrtTable.begin(), kRsqrtTable.end(), 0), 4'194'293);
  const auto golden = LoadGolden("arithmetic/tables.json")["rsqrt_64_255"];
  ASSERT_EQ(golden.size(), kRsqrtTable.size());
  for (size_t i = 0; i < golden.size(); ++i) EXPECT_EQ(kRsqrtTable[i], golden[i].get<int>()) << i;
}

TEST(RsqrtTest, EqualsWorkedExamplesAndEnds) {
  EXPECT_EQ(Rsqrt(1000), (ReciprocalSquareRoot{16580, 4}));
  EXPECT_EQ(Rsqrt(311040000), (ReciprocalSquareRoot{30441, 14}));
  EXPECT_EQ(Rsqrt(uint64_t{1} << 42), (ReciprocalSquareRoot{32767, 21}));
  EXPECT_EQ(Rsqrt(1), (ReciprocalSquareRoot{32767, 0}));
  EXPECT_EQ(Rsqrt(210001), (ReciprocalSquareRoot{18305, 8}));
  // 2^43 has an odd exponent: half of sqrt(2) at the same shift as 2^42.
  EXPECT_EQ(Rsqrt(uint64_t{1} << 43).shift, 21);
  EXPECT_NEAR(Rsqrt(uint64_t{1} << 43).mantissa, 23170, 2);
}

TEST(RsqrtTest, EqualsGolden) {
  const auto golden = LoadGolden("arithmetic/rsqrt.json");
  ASSERT_EQ(golden["W"].size(), 186u);
  for (size_t i = 0; i < golden["W"].size(); ++i) {
    const ReciprocalSquareRoot result = Rsqrt(golden["W"][i].get<uint64_t>());
    EXPECT_EQ(result.mantissa, golden["y"][i].get<int>()) << golden["W"][i];
    EXPECT_EQ(result.shift, golden["sh"][i].get<int>()) << golden["W"][i];
  }
}

TEST(RsqrtTest, RelativeErrorIsAsDocumented) {
  double least = 0.0;
  double most = 0.0;
  // Every high half of a 32-bit mantissa, at an odd and an even exponent.
  for (uint64_t high = uint64_t{1} << 14; high < (uint64_t{1} << 16); ++high) {
    const uint64_t w = high << 16;
    const ReciprocalSquareRoot result = Rsqrt(w);
    ASSERT_GE(result.mantissa, 16384);
    ASSERT_LE(result.mantissa, 32767);
    const double exact = 1.0 / std::sqrt(static_cast<double>(w));
    const double error = std::ldexp(result.mantissa, -15 - result.shift) / exact - 1.0;
    least = std::min(least, error);
    most = std::max(most, error);
  }
  EXPECT_GT(least, -7e-5);
  EXPECT_LT(most, 8e-5);
}

}  // namespace
}  // namespace sta::arithmetic
