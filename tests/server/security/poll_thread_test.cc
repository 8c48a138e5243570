// SPDX-License-Identifier: Apache-2.0
#include "server/security/poll_thread.h"

#include <gtest/gtest.h>

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tests/support/fake_clock.h"

namespace sta {
namespace {

class PollThreadTest : public testing::Test {
 protected:
  void Count() {
    const absl::MutexLock lock(&mutex_);
    ++calls_;
  }
  void AdvanceUntilCalls(absl::Duration step, int calls) {
    for (bool done = false; !done;) {
      clock_.Advance(step);
      const absl::MutexLock lock(&mutex_);
      done = calls_ >= calls;
    }
  }

  FakeClock clock_;
  absl::Mutex mutex_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST_F(PollThreadTest, WorksAgainAndAgain) {
  PollThread thread(clock_, absl::Seconds(1), [this] { Count(); });
  AdvanceUntilCalls(absl::Seconds(1), 3);
}

TEST_F(PollThreadTest, GoesOnWhereTheClockIsSetBack) {
  PollThread thread(clock_, absl::Seconds(1), [this] { Count(); });
  AdvanceUntilCalls(absl::Seconds(1), 1);
  clock_.Advance(-absl::Hours(5));
  AdvanceUntilCalls(absl::Seconds(1), 2);
}

TEST_F(PollThreadTest, DoesNothingBeforeItsTimeAndEndsAtOnce) {
  {
    PollThread thread(clock_, absl::Hours(1), [this] { Count(); });
  }
  const absl::MutexLock lock(&mutex_);
  EXPECT_EQ(calls_, 0);
}

}  // namespace
}  // namespace sta
