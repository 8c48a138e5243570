// SPDX-License-Identifier: Apache-2.0
#include "server/batching/batch_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/batching/test_job.h"

namespace sta {
namespace {

constexpr absl::Duration kMillisecond = absl::Milliseconds(1);

class BatchBuilderTest : public testing::Test {
 protected:
  // A token takes a millisecond, and the device is free in ten.
  static BatchLimits SlowDevice(int64_t budget_tokens) {
    return {.budget_tokens = budget_tokens,
            .now = kTestNow,
            .begin = kTestNow + 10 * kMillisecond,
            .per_token = kMillisecond};
  }
  std::shared_ptr<JobState> Job(const std::vector<size_t>& lengths,
                                absl::Time deadline = absl::InfiniteFuture()) {
    return TestJob(model_, lengths, {.deadline = deadline});
  }

  const std::shared_ptr<const ServedModel> model_ = TestModel("m");
};

TEST_F(BatchBuilderTest, TakesUpToTheBudgetAndAtLeastOne) {
  BatchBuilder builder(model_, TestLimits(10));
  const auto job = Job({20, 1});
  EXPECT_EQ(builder.Add(job), BatchBuilder::kTaken);
  EXPECT_EQ(builder.Add(job), BatchBuilder::kFull);
  EXPECT_TRUE(builder.is_full());
  EXPECT_EQ(job->next_sequence, 1u);
  EXPECT_EQ(builder.Take().tokens, 20);
}

TEST_F(BatchBuilderTest, JobsThatAlternateHaveOnePieceEach) {
  BatchBuilder builder(model_, TestLimits(100));
  const auto first = Job({1, 2, 3});
  const auto second = Job({4, 5});
  for (const auto& job : {first, second, first, second}) {
    EXPECT_EQ(builder.Add(job), BatchBuilder::kTaken);
  }
  const Batch batch = builder.Take();
  ASSERT_EQ(batch.pieces.size(), 2u);
  EXPECT_EQ(batch.pieces[0].state, first);
  EXPECT_EQ(batch.pieces[0].last, 2u);
  EXPECT_EQ(batch.pieces[1].last, 2u);
  EXPECT_EQ(batch.tokens, 12);
  EXPECT_EQ(batch.sequences, 4);
  EXPECT_EQ(first->batches_in_flight, 1);
}

TEST_F(BatchBuilderTest, WhatCannotBeDoneInTimeAloneIsHopeless) {
  BatchBuilder builder(model_, SlowDevice(100));
  // It would be done after 10 + 30 ms, of which three quarters are sure.
  EXPECT_EQ(builder.Add(Job({20, 10}, kTestNow + 29 * kMillisecond)), BatchBuilder::kHopeless);
  EXPECT_EQ(builder.Add(Job({20, 10}, kTestNow + 30 * kMillisecond)), BatchBuilder::kTaken);
}

TEST_F(BatchBuilderTest, WhatHasBegunIsFinished) {
  BatchBuilder builder(model_, SlowDevice(100));
  const auto job = Job({20, 10}, kTestNow + kMillisecond);
  job->next_sequence = 1;
  EXPECT_EQ(builder.Add(job), BatchBuilder::kTaken);
}

TEST_F(BatchBuilderTest, ABatchDoesNotGrowPastADeadlineInIt) {
  BatchBuilder builder(model_, SlowDevice(100));
  EXPECT_EQ(builder.Add(Job({20}, kTestNow + 40 * kMillisecond)), BatchBuilder::kTaken);
  EXPECT_EQ(builder.Add(Job({10})), BatchBuilder::kTaken);  // until 40 ms
  EXPECT_EQ(builder.Add(Job({1})), BatchBuilder::kFull);
}

TEST_F(BatchBuilderTest, ADeadlineThatIsMissedAnywayHoldsNothingUp) {
  BatchBuilder builder(model_, SlowDevice(100));
  EXPECT_EQ(builder.Add(Job({20}, kTestNow + 25 * kMillisecond)),
            BatchBuilder::kTaken);  // perhaps in time
  EXPECT_EQ(builder.Add(Job({10})), BatchBuilder::kTaken);
}

}  // namespace
}  // namespace sta
