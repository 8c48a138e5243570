// SPDX-License-Identifier: Apache-2.0
#include "server/services/stream_timer.h"

#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "tests/support/fake_clock.h"

namespace sta {
namespace {

class Told final : public StreamTimer::Stream {
 public:
  void TimeIsOver() override { told_.Notify(); }  // dies if it is told twice
  void Wait() { told_.WaitForNotification(); }
  bool HasBeenTold() const { return told_.HasBeenNotified(); }

 private:
  absl::Notification told_;
};

TEST(StreamTimerTest, TellsEachStreamAtItsTime) {
  FakeClock clock;
  StreamTimer timer(clock);
  const auto early = std::make_shared<Told>();
  const auto late = std::make_shared<Told>();
  timer.Set(late, clock.Now() + absl::Seconds(2));
  timer.Set(early, clock.Now() + absl::Seconds(1));
  clock.Advance(absl::Seconds(1));
  early->Wait();
  EXPECT_FALSE(late->HasBeenTold());
  clock.Advance(absl::Seconds(1));
  late->Wait();
}

TEST(StreamTimerTest, ANewTimeReplacesTheOld) {
  FakeClock clock;
  StreamTimer timer(clock);
  const auto moved = std::make_shared<Told>();
  const auto other = std::make_shared<Told>();
  timer.Set(moved, clock.Now() + absl::Seconds(1));
  timer.Set(moved, clock.Now() + absl::Seconds(3));
  timer.Set(other, clock.Now() + absl::Seconds(1));
  clock.Advance(absl::Seconds(1));
  other->Wait();
  EXPECT_FALSE(moved->HasBeenTold());
  clock.Advance(absl::Seconds(2));
  moved->Wait();
}

TEST(StreamTimerTest, WhatWasClearedIsNotTold) {
  FakeClock clock;
  StreamTimer timer(clock);
  const auto cleared = std::make_shared<Told>();
  const auto other = std::make_shared<Told>();
  timer.Set(cleared, clock.Now() + absl::Seconds(1));
  timer.Set(other, clock.Now() + absl::Seconds(1));
  timer.Clear(cleared);
  clock.Advance(absl::Seconds(1));
  other->Wait();
  EXPECT_FALSE(cleared->HasBeenTold());
}

TEST(StreamTimerTest, EndsWithTimesThatHaveNotCome) {
  FakeClock clock;
  const auto stream = std::make_shared<Told>();
  {
    StreamTimer timer(clock);
    timer.Set(stream, clock.Now() + absl::Seconds(1));
  }
  clock.Advance(absl::Seconds(1));
  EXPECT_FALSE(stream->HasBeenTold());
}

TEST(StreamTimerTest, ATimeThatHasPassedIsToldAtOnce) {
  FakeClock clock;
  StreamTimer timer(clock);
  const auto stream = std::make_shared<Told>();
  timer.Set(stream, clock.Now());
  stream->Wait();
}

}  // namespace
}  // namespace sta
