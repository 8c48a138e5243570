// SPDX-License-Identifier: Apache-2.0
#include "server/batching/retry_after.h"

#include <gtest/gtest.h>

namespace sta {
namespace {

TEST(RetryAfterTest, ComesBackRoundedUpAndBounded) {
  struct Case {
    absl::Duration given, expected;
  };
  for (const Case& c : {Case{absl::Milliseconds(20), absl::Milliseconds(20)},
                        Case{absl::Microseconds(1001), absl::Milliseconds(2)},
                        Case{absl::ZeroDuration(), absl::Milliseconds(1)},
                        Case{-absl::Seconds(1), absl::Milliseconds(1)},
                        Case{absl::InfiniteDuration(), kLongestRetryAfter}}) {
    absl::Status status = absl::ResourceExhaustedError("full");
    SetRetryAfter(c.given, status);
    EXPECT_EQ(RetryAfterOf(status), c.expected) << c.given;
    EXPECT_EQ(status.message(), "full");
  }
}

TEST(RetryAfterTest, OtherStatusesSayNothing) {
  EXPECT_EQ(RetryAfterOf(absl::ResourceExhaustedError("full")), std::nullopt);
  EXPECT_EQ(RetryAfterOf(absl::OkStatus()), std::nullopt);
}

}  // namespace
}  // namespace sta
