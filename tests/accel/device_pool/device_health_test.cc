// SPDX-License-Identifier: Apache-2.0
#include "accel/device_pool/device_health.h"

#include <gtest/gtest.h>

namespace sta {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1000);
constexpr HealthTracker::Backoff kBackoff = {.first = absl::Seconds(1),
                                             .longest = absl::Seconds(6)};

class HealthTrackerTest : public testing::Test {
 protected:
  // Fails the attempt that is due at the end of the back-off, and returns how long that was.
  absl::Duration FailAttempt() {
    const absl::Time due = health_.next_attempt();
    const absl::Duration waited = due - health_.since();
    EXPECT_FALSE(health_.BeginAttempt(due - absl::Nanoseconds(1)));
    EXPECT_TRUE(health_.BeginAttempt(due));
    EXPECT_EQ(health_.state(), DeviceState::kProbation);
    EXPECT_FALSE(health_.BeginAttempt(due)) << "an attempt is made once";
    EXPECT_TRUE(health_.AttemptFailed("still gone", due));
    return waited;
  }

  HealthTracker health_{kBackoff, kStart};
};

TEST_F(HealthTrackerTest, BeginsReadyWithNothingToAttempt) {
  EXPECT_TRUE(health_.ready());
  EXPECT_FALSE(health_.BeginAttempt(kStart + absl::Hours(1)));
  EXPECT_EQ(health_.next_attempt(), absl::InfiniteFuture());
  EXPECT_EQ(health_.failures(), 0);
}

TEST_F(HealthTrackerTest, AFailureQuarantinesAndTheBackOffDoublesUpToItsBound) {
  EXPECT_TRUE(health_.RunFailed("hang", kStart));
  EXPECT_EQ(health_.state(), DeviceState::kQuarantined);
  EXPECT_EQ(health_.reason(), "hang");
  EXPECT_EQ(FailAttempt(), absl::Seconds(1));
  EXPECT_EQ(health_.reason(), "still gone");
  EXPECT_EQ(FailAttempt(), absl::Seconds(2));
  EXPECT_EQ(FailAttempt(), absl::Seconds(4));
  EXPECT_EQ(FailAttempt(), absl::Seconds(6));
  EXPECT_EQ(FailAttempt(), absl::Seconds(6));
  EXPECT_EQ(health_.failures(), 6);
}

TEST_F(HealthTrackerTest, ADeviceThatFailsAgainSoonIsTriedLessOften) {
  health_.RunFailed("hang", kStart);
  ASSERT_TRUE(health_.BeginAttempt(kStart + absl::Seconds(1)));
  EXPECT_TRUE(health_.AttemptSucceeded(kStart + absl::Seconds(1)));
  EXPECT_TRUE(health_.ready());
  health_.RunFailed("hang", kStart + absl::Seconds(2));
  EXPECT_EQ(FailAttempt(), absl::Seconds(2));
}

TEST_F(HealthTrackerTest, ADeviceThatWasGoodForLongBeginsAnew) {
  health_.RunFailed("hang", kStart);
  ASSERT_TRUE(health_.BeginAttempt(kStart + absl::Seconds(1)));
  health_.AttemptSucceeded(kStart + absl::Seconds(1));
  health_.RunFailed("hang", kStart + absl::Seconds(7));
  EXPECT_EQ(FailAttempt(), absl::Seconds(1));
}

TEST_F(HealthTrackerTest, AnOperatorHoldsUntilRelease) {
  EXPECT_TRUE(health_.Hold("maintenance", kStart));
  EXPECT_EQ(health_.state(), DeviceState::kHeld);
  EXPECT_FALSE(health_.Hold("again", kStart));
  EXPECT_FALSE(health_.BeginAttempt(kStart + absl::Hours(1)));
  EXPECT_FALSE(health_.RunFailed("what was running failed", kStart));
  EXPECT_EQ(health_.state(), DeviceState::kHeld);
  EXPECT_TRUE(health_.Release(kStart));
  EXPECT_TRUE(health_.BeginAttempt(kStart)) << "at once";
  EXPECT_TRUE(health_.AttemptSucceeded(kStart));
  EXPECT_TRUE(health_.ready());
}

TEST_F(HealthTrackerTest, AHoldDuringProbationStays) {
  health_.RunFailed("hang", kStart);
  ASSERT_TRUE(health_.BeginAttempt(health_.next_attempt()));
  EXPECT_TRUE(health_.Hold("maintenance", kStart));
  EXPECT_FALSE(health_.AttemptSucceeded(kStart));
  EXPECT_EQ(health_.state(), DeviceState::kHeld);
}

TEST_F(HealthTrackerTest, ReleaseOfWhatIsReadyChangesNothing) {
  EXPECT_FALSE(health_.Release(kStart));
  EXPECT_TRUE(health_.ready());
}

}  // namespace
}  // namespace sta
