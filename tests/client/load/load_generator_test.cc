// SPDX-License-Identifier: Apache-2.0
#include "client/load/load_generator.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <set>
#include <vector>

#include "absl/synchronization/mutex.h"

namespace sta::client {
namespace {

// Answers at once and remembers what it was asked.
class FakeServer {
 public:
  SendFunction Send() {
    return [this](int64_t index, const std::function<void(absl::Status)>& done) {
      {
        const absl::MutexLock lock(&mutex_);
        indices_.insert(index);
      }
      done(index % 10 == 3 ? absl::UnavailableError("x") : absl::OkStatus());
    };
  }
  std::set<int64_t> indices() {
    const absl::MutexLock lock(&mutex_);
    return indices_;
  }

 private:
  absl::Mutex mutex_;
  std::set<int64_t> indices_;
};

TEST(LoadGeneratorTest, ClosedLoopCountsEveryAnswerOnce) {
  FakeServer server;
  const std::atomic<bool> stop = false;
  const LoadResult result = RunClosedLoop(
      server.Send(), {.streams = 1, .duration = absl::Hours(1), .max_requests = 100}, stop);
  EXPECT_EQ(result.requests(), 90);
  EXPECT_EQ(result.errors.at(absl::StatusCode::kUnavailable), 10);
  EXPECT_EQ(server.indices().size(), 100u);
  EXPECT_GT(result.RequestsPerSecond(), 0.0);
}

TEST(LoadGeneratorTest, OpenLoopKeepsSendingWhileNothingAnswers) {
  absl::Mutex mutex;
  std::vector<std::function<void(absl::Status)>> pending;
  const std::atomic<bool> stop = false;
  // The first five are only answered when the sixth has been sent.
  const SendFunction send = [&](int64_t index, std::function<void(absl::Status)> done) {
    std::vector<std::function<void(absl::Status)>> ready;
    {
      const absl::MutexLock lock(&mutex);
      pending.push_back(std::move(done));
      if (index >= 5) ready.swap(pending);
    }
    for (const auto& answer : ready) answer(absl::OkStatus());
  };
  const LoadResult result = RunOpenLoop(
      send, {.rate = 10000, .is_poisson = false, .duration = absl::Hours(1), .max_requests = 6},
      stop);
  EXPECT_EQ(result.requests(), 6);
  EXPECT_TRUE(result.errors.empty());
}

TEST(LoadGeneratorTest, OpenLoopGivesUpOnTooManyInFlight) {
  const std::atomic<bool> stop = false;
  int64_t sent = 0;
  const SendFunction send = [&](int64_t, const std::function<void(absl::Status)>& done) {
    ++sent;
    done(absl::OkStatus());
  };
  const LoadResult result = RunOpenLoop(send,
                                        {.rate = 10000,
                                         .is_poisson = false,
                                         .duration = absl::Hours(1),
                                         .max_requests = 3,
                                         .max_in_flight = 0},
                                        stop);
  EXPECT_EQ(sent, 0);
  EXPECT_EQ(result.errors.at(absl::StatusCode::kResourceExhausted), 3);
}

TEST(LoadGeneratorTest, StopsEarlyWhenAsked) {
  FakeServer server;
  const std::atomic<bool> stop = true;
  EXPECT_EQ(RunClosedLoop(server.Send(), {.streams = 4}, stop).requests(), 0);
  EXPECT_EQ(RunOpenLoop(server.Send(), {.rate = 5}, stop).requests(), 0);
}

TEST(LoadGeneratorTest, TheWarmUpDoesNotCount) {
  FakeServer server;
  const std::atomic<bool> stop = false;
  const LoadResult result = RunClosedLoop(server.Send(),
                                          {.streams = 1,
                                           // So long that a thread gets a processor in it, even
                                           // beside others.
                                           .warm_up = absl::Milliseconds(300),
                                           .duration = absl::Hours(1),
                                           .max_requests = 10},
                                          stop);
  EXPECT_EQ(result.requests() + result.errors.at(absl::StatusCode::kUnavailable), 10);
  EXPECT_GT(server.indices().size(), 10u);
}

}  // namespace
}  // namespace sta::client
