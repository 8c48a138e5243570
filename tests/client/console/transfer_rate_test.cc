// SPDX-License-Identifier: Apache-2.0
#include "client/console/transfer_rate.h"

#include <gtest/gtest.h>

namespace sta::client {
namespace {

constexpr absl::Time kStart = absl::UnixEpoch();

TEST(TransferRateTest, SaysNothingOfTheRateBeforeItKnowsOne) {
  TransferRate rate;
  rate.Update(kStart, 0);
  EXPECT_EQ(rate.Describe(0, 2'500'000), "0.0 of 2.5 MB");
  rate.Update(kStart + absl::Milliseconds(20), 1'000'000);  // too soon to tell
  EXPECT_EQ(rate.Describe(1'000'000, 2'500'000), "1.0 of 2.5 MB");
}

TEST(TransferRateTest, TellsRateAndTimeLeft) {
  TransferRate rate;
  for (int second = 0; second <= 10; ++second) {
    rate.Update(kStart + absl::Seconds(second), second * 2'000'000);
  }
  EXPECT_DOUBLE_EQ(rate.bytes_per_second(), 2e6);
  EXPECT_EQ(rate.Describe(20'000'000, 200'000'000), "20.0 of 200.0 MB, 2.0 MB/s, 1m30s left");
}

TEST(TransferRateTest, FollowsAChangeWithinSeconds) {
  TransferRate rate;
  int64_t moved = 0;
  for (int second = 0; second <= 10; ++second) {
    rate.Update(kStart + absl::Seconds(second), moved += 1'000'000);
  }
  for (int second = 11; second <= 30; ++second) {
    rate.Update(kStart + absl::Seconds(second), moved += 3'000'000);
  }
  EXPECT_NEAR(rate.bytes_per_second(), 3e6, 0.1e6);
}

TEST(TransferRateTest, BeginsAnewWhereAPartIsLost) {
  TransferRate rate;
  rate.Update(kStart, 0);
  rate.Update(kStart + absl::Seconds(1), 5'000'000);
  rate.Update(kStart + absl::Seconds(2), 1'000'000);
  rate.Update(kStart + absl::Seconds(3), 6'000'000);
  EXPECT_GT(rate.bytes_per_second(), 0);
  EXPECT_DOUBLE_EQ(rate.bytes_per_second(), 5e6);
}

TEST(BytesTextTest, ChoosesTheUnit) {
  EXPECT_EQ(BytesText(0), "0 B");
  EXPECT_EQ(BytesText(999), "999 B");
  EXPECT_EQ(BytesText(1500), "1.5 kB");
  EXPECT_EQ(BytesText(90'300'000), "90.3 MB");
  EXPECT_EQ(BytesText(2'000'000'000), "2.0 GB");
}

}  // namespace
}  // namespace sta::client
