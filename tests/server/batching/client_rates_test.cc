// SPDX-License-Identifier: Apache-2.0
#include "server/batching/client_rates.h"

#include <gtest/gtest.h>

#include "strings/str_cat.h"

namespace sta {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1000);

TEST(ClientRatesTest, WithoutABoundEverythingGoes) {
  ClientRates rates({});
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(rates.Take("a", 1 << 20, kStart), std::nullopt);
  EXPECT_EQ(rates.clients(), 0u);
}

TEST(ClientRatesTest, RequestsComeAtTheirRateAfterASecondsWorth) {
  ClientRates rates({.requests_per_second = 4});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(rates.Take("a", 1, kStart), std::nullopt);
  EXPECT_EQ(rates.Take("a", 1, kStart), absl::Milliseconds(250));
  EXPECT_EQ(rates.Take("a", 1, kStart + absl::Milliseconds(125)), absl::Milliseconds(125));
  EXPECT_EQ(rates.Take("a", 1, kStart + absl::Milliseconds(250)), std::nullopt);
  EXPECT_EQ(rates.Take("b", 1, kStart), std::nullopt);  // nobody else pays for it
  // Not more than a second's worth, however long it was silent.
  const absl::Time later = kStart + absl::Hours(1);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(rates.Take("a", 1, later), std::nullopt);
  EXPECT_NE(rates.Take("a", 1, later), std::nullopt);
}

TEST(ClientRatesTest, ALargeRequestIsPaidForAfterwards) {
  ClientRates rates({.tokens_per_second = 100});
  EXPECT_EQ(rates.Take("a", 299, kStart), std::nullopt);
  EXPECT_EQ(rates.WaitOf("a", kStart), absl::Seconds(2));  // owes 199, and needs one
  EXPECT_EQ(rates.Take("a", 1, kStart + absl::Milliseconds(1999)), absl::Milliseconds(1));
  EXPECT_EQ(rates.Take("a", 1, kStart + absl::Seconds(2)), std::nullopt);
}

TEST(ClientRatesTest, LookingIsFree) {
  ClientRates rates({.requests_per_second = 1});
  for (int i = 0; i < 9; ++i) EXPECT_EQ(rates.WaitOf("a", kStart), std::nullopt);
  EXPECT_EQ(rates.Take("a", 1, kStart), std::nullopt);
  EXPECT_EQ(rates.WaitOf("a", kStart), absl::Seconds(1));
}

TEST(ClientRatesTest, TheServerItselfIsNotBound) {
  ClientRates rates({.requests_per_second = 1});
  for (int i = 0; i < 9; ++i) EXPECT_EQ(rates.Take("", 1, kStart), std::nullopt);
}

TEST(ClientRatesTest, RemembersTheClientsThatAskedLast) {
  ClientRates rates({.requests_per_second = 1, .max_clients = 3});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(rates.Take(StrCat(i), 1, kStart), std::nullopt);
  EXPECT_EQ(rates.clients(), 3u);
  EXPECT_NE(rates.Take("97", 1, kStart), std::nullopt);  // asked last now
  EXPECT_EQ(rates.Take("100", 1, kStart), std::nullopt);
  EXPECT_NE(rates.Take("97", 1, kStart), std::nullopt);
  EXPECT_EQ(rates.Take("98", 1, kStart), std::nullopt);  // was forgotten
}

TEST(ClientRatesTest, AClockThatGoesBackGivesNothing) {
  ClientRates rates({.requests_per_second = 1});
  EXPECT_EQ(rates.Take("a", 1, kStart), std::nullopt);
  EXPECT_EQ(rates.Take("a", 1, kStart - absl::Hours(1)), absl::Seconds(1));
}

}  // namespace
}  // namespace sta
