// SPDX-License-Identifier: Apache-2.0
#include "server/services/upload_lanes.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "absl/synchronization/notification.h"

namespace sta {
namespace {

TEST(UploadLanesTest, RunsTheTasksOfAnUploadOneByOneInOrder) {
  std::vector<int> ran;  // unguarded: a sanitizer would tell if two ran at once
  {
    WorkerPool pool({.threads = 4});
    WorkerPool other_pool({.threads = 4});
    UploadLanes lanes;
    const std::shared_ptr<UploadLanes::Lane> lane = lanes.Of("u");
    for (int i = 0; i < 200; ++i) {
      lane->Post(i % 3 == 0 ? other_pool : pool, [&ran, i] { ran.push_back(i); });
    }
    // The pools run what they have; the last task's end must come before theirs.
    absl::Notification done;
    lane->Post(pool, [&] { done.Notify(); });
    done.WaitForNotification();
  }
  ASSERT_EQ(ran.size(), 200u);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(ran[static_cast<size_t>(i)], i);
}

TEST(UploadLanesTest, DifferentUploadsGoSideBySide) {
  absl::Notification a_runs;
  absl::Notification b_runs;
  WorkerPool pool({.threads = 2});  // its end waits for both
  UploadLanes lanes;
  lanes.Of("a")->Post(pool, [&] {
    a_runs.Notify();
    b_runs.WaitForNotification();
  });
  lanes.Of("b")->Post(pool, [&] {
    b_runs.Notify();
    a_runs.WaitForNotification();
  });
}

TEST(UploadLanesTest, AnUploadHasOneLaneWhileSomebodyHoldsIt) {
  UploadLanes lanes;
  std::shared_ptr<UploadLanes::Lane> lane = lanes.Of("u");
  EXPECT_EQ(lanes.Of("u"), lane);
  EXPECT_NE(lanes.Of("v"), lane);
  const std::weak_ptr<UploadLanes::Lane> gone = lane;
  lane.reset();
  EXPECT_TRUE(gone.expired());
  EXPECT_NE(lanes.Of("u"), nullptr);
}

TEST(UploadLanesTest, ANewOwnerTakesTheUploadOver) {
  struct Owner final : UploadLanes::Owner {
    void TakenOver() override { ++taken_over; }
    int taken_over = 0;
  };
  UploadLanes lanes;
  const std::shared_ptr<UploadLanes::Lane> lane = lanes.Of("u");
  const auto first = std::make_shared<Owner>();
  const auto second = std::make_shared<Owner>();
  EXPECT_FALSE(lane->IsOwnedBy(first.get()));
  lane->TakeOver(first);
  lane->TakeOver(first);
  EXPECT_TRUE(lane->IsOwnedBy(first.get()));
  EXPECT_EQ(first->taken_over, 0);
  lane->TakeOver(second);
  EXPECT_FALSE(lane->IsOwnedBy(first.get()));
  EXPECT_TRUE(lane->IsOwnedBy(second.get()));
  EXPECT_EQ(first->taken_over, 1);
  EXPECT_EQ(second->taken_over, 0);
}

}  // namespace
}  // namespace sta
