// SPDX-License-Identifier: Apache-2.0
#include "server/services/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/notification.h"

namespace sta {
namespace {

TEST(WorkerPoolTest, RunsEverythingItAcceptedBeforeItEnds) {
  std::atomic<int> done = 0;
  {
    WorkerPool pool({.threads = 2, .max_waiting = 100});
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(pool.TrySubmit([&] { done.fetch_add(1); }));
    }
  }
  EXPECT_EQ(done.load(), 100);
}

TEST(WorkerPoolTest, RefusesWhatDoesNotFit) {
  std::atomic<int> done = 0;
  absl::Notification begun;
  absl::Notification release;
  {
    WorkerPool pool({.threads = 1, .max_waiting = 2});
    ASSERT_TRUE(pool.TrySubmit([&] {
      begun.Notify();
      release.WaitForNotification();
    }));
    begun.WaitForNotification();  // it waits no longer, so two more fit
    EXPECT_TRUE(pool.TrySubmit([&] { done.fetch_add(1); }));
    EXPECT_TRUE(pool.TrySubmit([&] { done.fetch_add(1); }));
    EXPECT_FALSE(pool.TrySubmit([&] { done.fetch_add(100); }));
    pool.Submit([&] { done.fetch_add(1); });  // bounded by its submitter
    release.Notify();
  }
  EXPECT_EQ(done.load(), 3);
}

}  // namespace
}  // namespace sta
