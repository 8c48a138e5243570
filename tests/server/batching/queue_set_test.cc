// SPDX-License-Identifier: Apache-2.0
#include "server/batching/queue_set.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1000);

std::shared_ptr<const ServedModel> Model(const std::string& name) {
  auto model = std::make_shared<ServedModel>();
  model->name = name;
  return model;
}

std::shared_ptr<JobState> Job(const std::shared_ptr<const ServedModel>& model,
                              const std::vector<size_t>& lengths,
                              absl::Time deadline = absl::InfiniteFuture()) {
  auto state = std::make_shared<JobState>();
  state->submitted = kNow;
  state->job.model = model;
  state->job.deadline = deadline;
  state->result.sequence_offsets = {0};
  for (const size_t length : lengths) {
    state->job.sequences.push_back({.ids = std::vector<int32_t>(length, 1)});
    state->result.sequence_offsets.push_back(state->result.sequence_offsets.back() +
                                             static_cast<int32_t>(length));
  }
  return state;
}

class QueueSetTest : public testing::Test {
 protected:
  const std::shared_ptr<const ServedModel> a_ = Model("a");
  const std::shared_ptr<const ServedModel> b_ = Model("b");
};

TEST_F(QueueSetTest, IsEmptyUntilSomethingWaits) {
  QueueSet queues(10, absl::ZeroDuration());
  EXPECT_TRUE(queues.empty());
  EXPECT_THAT(queues.Eligible(kNow), IsEmpty());
  EXPECT_EQ(queues.NextEvent(kNow), absl::InfiniteFuture());
  queues.Add(Job(a_, {3, 4}));
  EXPECT_EQ(queues.tokens(), 7);
  EXPECT_EQ(queues.Find(a_)->requests(), 1);
  EXPECT_EQ(queues.Find(b_), nullptr);
}

TEST_F(QueueSetTest, PreviewsWhatItTakes) {
  QueueSet queues(10, absl::ZeroDuration());
  queues.Add(Job(a_, {3, 4}));
  queues.Add(Job(a_, {2, 5}));
  ModelQueue* queue = queues.Eligible(kNow).at(0);
  const int64_t budget = queues.BudgetTokens(*queue);
  EXPECT_EQ(budget, 10);
  EXPECT_THAT(queue->Preview(budget), ElementsAre(0, 3, 7, 9));
  const Batch batch = queues.TakeBatch(*queue, budget, kNow);
  EXPECT_EQ(batch.tokens, 9);
  EXPECT_EQ(batch.sequences, 3);
  EXPECT_THAT(queues.Eligible(kNow).at(0)->Preview(1), ElementsAre(0, 5));
}

TEST_F(QueueSetTest, LookingAgainGivesNoMoreCredit) {
  QueueSet queues(10, absl::ZeroDuration());
  for (int i = 0; i < 8; ++i) queues.Add(Job(a_, {10}));
  for (int i = 0; i < 8; ++i) queues.Add(Job(b_, {10}));
  for (int i = 0; i < 5; ++i) EXPECT_THAT(queues.Eligible(kNow), SizeIs(2));
  std::string order;
  while (!queues.empty()) {
    ModelQueue* queue = queues.Eligible(kNow).at(0);
    order += queue->model()->name;
    queues.TakeBatch(*queue, queues.BudgetTokens(*queue), kNow);
  }
  EXPECT_EQ(order, "abababababababab");
}

TEST_F(QueueSetTest, ASequenceBeyondTheBudgetIsPaidForLater) {
  QueueSet queues(10, absl::ZeroDuration());
  queues.Add(Job(a_, {35}));
  queues.Add(Job(a_, {10}));
  for (int i = 0; i < 4; ++i) queues.Add(Job(b_, {10}));
  std::string order;
  while (!queues.empty()) {
    ModelQueue* queue = queues.Eligible(kNow).at(0);
    order += queue->model()->name;
    queues.TakeBatch(*queue, queues.BudgetTokens(*queue), kNow);
  }
  EXPECT_EQ(order, "abbbab");
}

TEST_F(QueueSetTest, AQueueMayBePassedOver) {
  QueueSet queues(10, absl::ZeroDuration());
  queues.Add(Job(a_, {10}));
  queues.Add(Job(b_, {10}));
  const std::vector<ModelQueue*> eligible = queues.Eligible(kNow);
  EXPECT_EQ(queues.TakeBatch(*eligible.at(1), 10, kNow).model, b_);
  EXPECT_EQ(queues.Eligible(kNow).at(0)->model(), a_);
}

TEST_F(QueueSetTest, WaitsForItsDelayOrATurnFull) {
  const absl::Duration delay = absl::Milliseconds(5);
  QueueSet queues(10, delay);
  queues.Add(Job(a_, {3}));
  EXPECT_THAT(queues.Eligible(kNow), IsEmpty());
  EXPECT_EQ(queues.NextEvent(kNow), kNow + delay);
  EXPECT_THAT(queues.Eligible(kNow + delay), SizeIs(1));
  // Nothing new will happen by itself: it waits for a device now.
  EXPECT_EQ(queues.NextEvent(kNow + delay), absl::InfiniteFuture());
  queues.Add(Job(a_, {7}));
  EXPECT_THAT(queues.Eligible(kNow), SizeIs(1));
}

TEST_F(QueueSetTest, RemovesTheDeadOfAllQueues) {
  QueueSet queues(10, absl::ZeroDuration());
  queues.Add(Job(a_, {3}, kNow + absl::Seconds(2)));
  queues.Add(Job(b_, {4}, kNow + absl::Seconds(1)));
  auto cancelled = Job(b_, {5});
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
  queues.Add(Job(a_, {3}));
  queues.Add(Job(b_, {4}));
  const auto removed = queues.RemoveAll(absl::UnavailableError("gone"));
  ASSERT_THAT(removed, SizeIs(2));
  EXPECT_EQ(removed[1].tokens, 4);
  EXPECT_THAT(removed[1].state->status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(queues.empty());
}

}  // namespace
}  // namespace sta
