// SPDX-License-Identifier: Apache-2.0
#include "server/batching/queue_set.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "tests/server/batching/test_job.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const absl::Time kNow = kTestNow;

Batch Take(QueueSet& queues, ModelQueue& queue, int64_t budget_tokens) {
  std::vector<RemovedJob> hopeless;
  Batch batch = queues.TakeBatch(queue, TestLimits(budget_tokens), hopeless);
  EXPECT_THAT(hopeless, IsEmpty());
  return batch;
}

class QueueSetTest : public testing::Test {
 protected:
  const std::shared_ptr<const ServedModel> a_ = TestModel("a");
  const std::shared_ptr<const ServedModel> b_ = TestModel("b");
};

TEST_F(QueueSetTest, IsEmptyUntilSomethingWaits) {
  QueueSet queues(10, absl::ZeroDuration());
  EXPECT_TRUE(queues.empty());
  EXPECT_THAT(queues.Eligible(kNow), IsEmpty());
  EXPECT_EQ(queues.NextEvent(kNow), absl::InfiniteFuture());
  queues.Add(TestJob(a_, {3, 4}));
  EXPECT_EQ(queues.tokens(), 7);
  EXPECT_EQ(queues.Find(a_)->requests(), 1);
  EXPECT_EQ(queues.Find(b_), nullptr);
}

TEST_F(QueueSetTest, PreviewsWhatItTakes) {
  QueueSet queues(10, absl::ZeroDuration());
  queues.Add(TestJob(a_, {3, 4}));
  queues.Add(TestJob(a_, {2, 5}));
  ModelQueue* queue = queues.Eligible(kNow).at(0);
  const int64_t budget = queues.BudgetTokens(*queue);
  EXPECT_EQ(budget, 10);
  EXPECT_THAT(queue->Preview(budget), ElementsAre(0, 3, 7, 9));
  const Batch batch = Take(queues, *queue, budget);
  EXPECT_EQ(batch.tokens, 9);
  EXPECT_EQ(batch.sequences, 3);
  EXPECT_THAT(queues.Eligible(kNow).at(0)->Preview(1), ElementsAre(0, 5));
}

TEST_F(QueueSetTest, LookingAgainGivesNoMoreCredit) {
  QueueSet queues(10, absl::ZeroDuration());
  for (int i = 0; i < 8; ++i) queues.Add(TestJob(a_, {10}));
  for (int i = 0; i < 8; ++i) queues.Add(TestJob(b_, {10}));
  for (int i = 0; i < 5; ++i) EXPECT_THAT(queues.Eligible(kNow), SizeIs(2));
  std::string order;
  while (!queues.empty()) {
    ModelQueue* queue = queues.Eligible(kNow).at(0);
    order += queue->model()->name;
    Take(queues, *queue, queues.BudgetTokens(*queue));
  }
  EXPECT_EQ(order, "abababababababab");
}

TEST_F(QueueSetTest, ASequenceBeyondTheBudgetIsPaidForLater) {
  QueueSet queues(10, absl::ZeroDuration());
  queues.Add(TestJob(a_, {35}));
  queues.Add(TestJob(a_, {10}));
  for (int i = 0; i < 4; ++i) queues.Add(TestJob(b_, {10}));
  std::string order;
  while (!queues.empty()) {
    ModelQueue* queue = queues.Eligible(kNow).at(0);
    order += queue->model()->name;
    Take(queues, *queue, queues.BudgetTokens(*queue));
  }
  EXPECT_EQ(order, "abbbab");
}

TEST_F(QueueSetTest, AQueueMayBePassedOver) {
  QueueSet queues(10, absl::ZeroDuration());
  queues.Add(TestJob(a_, {10}));
  queues.Add(TestJob(b_, {10}));
  const std::vector<ModelQueue*> eligible = queues.Eligible(kNow);
  EXPECT_EQ(Take(queues, *eligible.at(1), 10).model, b_);
  EXPECT_EQ(queues.Eligible(kNow).at(0)->model(), a_);
}

TEST_F(QueueSetTest, WaitsForItsDelayOrATurnFull) {
  const absl::Duration delay = absl::Milliseconds(5);
  QueueSet queues(10, delay);
  queues.Add(TestJob(a_, {3}));
  EXPECT_THAT(queues.Eligible(kNow), IsEmpty());
  EXPECT_EQ(queues.NextEvent(kNow), kNow + delay);
  EXPECT_THAT(queues.Eligible(kNow + delay), SizeIs(1));
  // Nothing new will happen by itself: it waits for a device now.
  EXPECT_EQ(queues.NextEvent(kNow + delay), absl::InfiniteFuture());
  queues.Add(TestJob(a_, {7}));
  EXPECT_THAT(queues.Eligible(kNow), SizeIs(1));
}

TEST_F(QueueSetTest, RemovesTheDeadOfAllQueues) {
  QueueSet queues(10, absl::ZeroDuration());
  queues.Add(TestJob(a_, {3}, {.deadline = kNow + absl::Seconds(2)}));
  queues.Add(TestJob(b_, {4}, {.deadline = kNow + absl::Seconds(1)}));
  auto cancelled = TestJob(b_, {5});
  cancelled->job.cancelled = std::make_shared<std::atomic<bool>>(true);
  queues.Add(cancelled);
  EXPECT_EQ(queues.NextEvent(kNow), kNow + absl::Seconds(1));
  const auto removed = queues.RemoveDead(kNow + absl::Seconds(1));
  ASSERT_THAT(removed, SizeIs(2));
  EXPECT_THAT(removed[0].state->status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(removed[1].state->status, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(queues.Find(b_), nullptr);
  EXPECT_EQ(queues.tokens(), 3);
}

TEST_F(QueueSetTest, RemovesEverythingWithAStatus) {
  QueueSet queues(10, absl::ZeroDuration());
  queues.Add(TestJob(a_, {3}));
  queues.Add(TestJob(b_, {4}));
  const auto removed = queues.RemoveAll(absl::UnavailableError("gone"));
  ASSERT_THAT(removed, SizeIs(2));
  EXPECT_EQ(removed[1].tokens, 4);
  EXPECT_THAT(removed[1].state->status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(queues.empty());
}

TEST_F(QueueSetTest, KnowsWhatComesBeforeANewcomer) {
  const std::string client = "x";
  const Newcomer newcomer = {.client = client, .tokens = 5};
  QueueSet queues(10, absl::ZeroDuration());
  EXPECT_EQ(queues.TokensBefore(a_, newcomer), 0);
  queues.Add(TestJob(a_, {10}, {.client = client}));
  queues.Add(TestJob(b_, {4}));
  EXPECT_EQ(queues.TokensBefore(a_, newcomer), 14);
  // A longer queue has as many turns meanwhile, and no more.
  for (int i = 0; i < 9; ++i) queues.Add(TestJob(b_, {10}));
  EXPECT_EQ(queues.TokensBefore(a_, newcomer), 20);
  EXPECT_EQ(queues.requests(), 11);
}

TEST_F(QueueSetTest, RemovesWhatHasWaitedTooLong) {
  QueueSet queues(10, absl::ZeroDuration());
  queues.Add(TestJob(a_, {3}, {.submitted = kNow - absl::Seconds(2)}));
  queues.Add(TestJob(b_, {4}, {.submitted = kNow - absl::Seconds(1)}));
  EXPECT_THAT(queues.RemoveOlder(absl::InfinitePast(), absl::CancelledError("")), IsEmpty());
  const auto removed =
      queues.RemoveOlder(kNow - absl::Seconds(1), absl::ResourceExhaustedError("late"));
  ASSERT_THAT(removed, SizeIs(1));
  EXPECT_THAT(removed[0].state->status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(removed[0].state->reason, RejectReason::kOverloaded);
  EXPECT_EQ(queues.Find(a_), nullptr);
}

}  // namespace
}  // namespace sta
