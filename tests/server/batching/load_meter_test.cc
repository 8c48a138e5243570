// SPDX-License-Identifier: Apache-2.0
#include "server/batching/load_meter.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sta {
namespace {

constexpr absl::Duration kStep = absl::Milliseconds(1);
constexpr int64_t kTokensOfMs = 30;  // that the device below works off

// A device that takes batches of what waits, at most so large, and callers of an open loop that ask
// for `load` times what it can, for so long.
class Simulation {
 public:
  explicit Simulation(int64_t max_batch_tokens) : max_batch_tokens_(max_batch_tokens) {}

  // Returns for how much of the time there was an overload.
  double RunOpenLoop(double load, absl::Duration duration) {
    return Run(duration, [&] { Ask(static_cast<int64_t>(load * kTokensOfMs)); });
  }
  // Callers that ask again when they have their answer.
  double RunClosedLoop(int64_t callers, int64_t tokens, absl::Duration duration) {
    Ask(callers * tokens - waiting_ - batch_);
    return Run(duration, [&] { Ask(answered_); });
  }
  bool IsOverloaded() { return meter_.IsOverloaded(now_); }
  void Idle(absl::Duration duration) { now_ += duration; }

 private:
  template <typename AskMore>
  double Run(absl::Duration duration, AskMore ask) {
    int64_t overloaded = 0;
    int64_t steps = 0;
    for (const absl::Time end = now_ + duration; now_ < end; now_ += kStep, ++steps) {
      Step();
      ask();
      if (meter_.IsOverloaded(now_)) ++overloaded;
    }
    return static_cast<double>(overloaded) / static_cast<double>(steps);
  }
  void Ask(int64_t tokens) {
    waiting_ += tokens;
    meter_.OnAsked(tokens, now_);
  }
  void Step() {
    answered_ = 0;
    if (batch_ > 0 && now_ >= batch_end_) {
      meter_.OnOver(batch_, now_);
      answered_ = batch_;
      batch_ = 0;
    }
    if (batch_ == 0 && waiting_ > 0) {
      batch_ = std::min(waiting_, max_batch_tokens_);
      waiting_ -= batch_;
      batch_end_ = now_ + static_cast<double>(batch_) / kTokensOfMs * kStep;
    }
  }

  const int64_t max_batch_tokens_;
  LoadMeter meter_;
  absl::Time now_ = absl::FromUnixSeconds(1000);
  int64_t waiting_ = 0;
  int64_t batch_ = 0;
  absl::Time batch_end_;
  int64_t answered_ = 0;
};

TEST(LoadMeterTest, LoadThatIsWorkedOffIsNone) {
  for (const double load : {0.1, 0.5, 0.8, 1.0}) {
    EXPECT_EQ(Simulation(4096).RunOpenLoop(load, absl::Seconds(10)), 0) << load;
  }
}

TEST(LoadMeterTest, ManyCallersThatWaitForTheirAnswersAreNone) {
  for (const int64_t callers : {1, 16, 256, 4096}) {
    for (const int64_t max_batch_tokens : {256, 4096, 16384}) {
      Simulation simulation(max_batch_tokens);
      EXPECT_EQ(simulation.RunClosedLoop(callers, 72, absl::Seconds(10)), 0)
          << callers << " callers, batches of " << max_batch_tokens;
      // Others that come later are a burst, too.
      EXPECT_EQ(simulation.RunClosedLoop(3 * callers, 72, absl::Seconds(10)), 0);
    }
  }
}

TEST(LoadMeterTest, ARateBeyondTheDevicesIsSeenSoonAndForgottenSoon) {
  for (const double load : {1.3, 2.0, 3.0, 10.0}) {
    for (const int64_t max_batch_tokens : {1024, 4096}) {
      Simulation simulation(max_batch_tokens);
      simulation.RunOpenLoop(0.8, absl::Seconds(2));
      simulation.RunOpenLoop(load, absl::Milliseconds(800));
      EXPECT_TRUE(simulation.IsOverloaded()) << load << ", batches of " << max_batch_tokens;
      EXPECT_GT(simulation.RunOpenLoop(load, absl::Seconds(5)), 0.99) << load;
      simulation.RunOpenLoop(0.8, absl::Milliseconds(800));
      EXPECT_FALSE(simulation.IsOverloaded()) << load;
    }
  }
}

TEST(LoadMeterTest, AfterSilenceItIsOver) {
  Simulation simulation(1024);
  simulation.RunOpenLoop(3, absl::Seconds(2));
  ASSERT_TRUE(simulation.IsOverloaded());
  simulation.Idle(absl::Milliseconds(499));
  EXPECT_FALSE(simulation.IsOverloaded());
}

}  // namespace
}  // namespace sta
