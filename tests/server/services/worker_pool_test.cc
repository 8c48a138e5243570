// SPDX-License-Identifier: Apache-2.0
#include "server/services/worker_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
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

TEST(WorkerPoolTest, ItsThreadsYieldAsFarAsAsked) {
  const int mine = getpriority(PRIO_PROCESS, 0);
  int theirs = -1;
  {
    WorkerPool pool({.threads = 1, .nice = 7});
    ASSERT_TRUE(
        pool.TrySubmit([&] { theirs = getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }));
  }
  EXPECT_EQ(theirs, std::max(mine, 7));
  EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())), mine);
}

}  // namespace
}  // namespace sta
