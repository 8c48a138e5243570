// SPDX-License-Identifier: Apache-2.0
#include "server/batching/model_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "tests/server/batching/test_job.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class ModelQueueTest : public testing::Test {
 protected:
  std::shared_ptr<JobState> Add(const std::vector<size_t>& lengths, const TestJobExtra& extra) {
    auto job = TestJob(model_, lengths, extra);
    queue_.Add(job);
    return job;
  }
  Batch Take(int64_t budget_tokens) {
    std::vector<RemovedJob> hopeless;
    Batch batch = queue_.TakeBatch(TestLimits(budget_tokens), hopeless);
    EXPECT_THAT(hopeless, IsEmpty());
    return batch;
  }
  // Tokens of each client, or priority, in the next batches.
  std::map<std::string, int64_t> TokensByClient(int64_t budget_tokens, int batches) {
    std::map<std::string, int64_t> sums;
    for (int i = 0; i < batches; ++i) {
      for (const JobPiece& piece : Take(budget_tokens).pieces) {
        for (size_t s = piece.first; s < piece.last; ++s) {
          sums[piece.state->job.client] += std::ssize(piece.state->job.sequences[s].ids);
        }
      }
    }
    return sums;
  }

  const std::shared_ptr<const ServedModel> model_ = TestModel("m");
  ModelQueue queue_{model_};
};

TEST_F(ModelQueueTest, TheMostUrgentComesFirst) {
  const auto normal = Add({4}, {.priority = 1});
  const auto urgent = Add({4}, {.priority = 0});
  const auto soon = Add({4}, {.deadline = kTestNow + absl::Seconds(1), .priority = 1});
  EXPECT_EQ(Take(4).pieces.at(0).state, urgent);
  EXPECT_EQ(Take(4).pieces.at(0).state, soon);
  EXPECT_EQ(Take(4).pieces.at(0).state, normal);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(ModelQueueTest, TheLessUrgentHaveAnEighth) {
  for (int i = 0; i < 1000; ++i) Add({10}, {.client = "urgent", .priority = 0});
  for (int i = 0; i < 1000; ++i) Add({10}, {.client = "lazy", .priority = 2});
  for (int i = 0; i < 10; ++i) Add({10}, {.client = "normal", .priority = 1});
  const auto sums = TokensByClient(80, 80);
  EXPECT_EQ(sums.at("lazy"), 790);  // the oldest of the less urgent; the first batch owed none
  EXPECT_EQ(sums.at("urgent"), 80 * 80 - 790);
}

TEST_F(ModelQueueTest, ClientsTakeTurnsByTokens) {
  for (int i = 0; i < 1000; ++i) Add({100}, {.client = "flood"});
  for (int i = 0; i < 1000; ++i) Add({20}, {.client = "b"});
  for (int i = 0; i < 1000; ++i) Add({50}, {.client = "c"});
  const auto sums = TokensByClient(1000, 27);
  for (const auto& [client, tokens] : sums) EXPECT_NEAR(static_cast<double>(tokens), 9000, 512);
}

TEST_F(ModelQueueTest, ALateClientIsServedInTheNextBatch) {
  for (int i = 0; i < 100; ++i) Add({100}, {.client = "flood"});
  Take(1000);
  const auto late = Add({30}, {.client = "late"});
  const Batch batch = Take(1000);
  EXPECT_TRUE(std::ranges::any_of(batch.pieces,
                                  [&](const JobPiece& piece) { return piece.state == late; }));
}

TEST_F(ModelQueueTest, ASequenceLongerThanATurnIsPaidForLater) {
  for (int i = 0; i < 40; ++i) Add({768}, {.client = "long"});
  for (int i = 0; i < 400; ++i) Add({64}, {.client = "short"});
  const auto sums = TokensByClient(1024, 10);
  EXPECT_NEAR(static_cast<double>(sums.at("long")), static_cast<double>(sums.at("short")), 1024);
}

TEST_F(ModelQueueTest, HopelessJobsAreRemovedAndTheNextTaken) {
  const auto hopeless_job = Add({50}, {.deadline = kTestNow + absl::Milliseconds(1)});
  const auto other = Add({5}, {});
  std::vector<RemovedJob> hopeless;
  const Batch batch = queue_.TakeBatch({.budget_tokens = 100,
                                        .now = kTestNow,
                                        .begin = kTestNow,
                                        .per_token = absl::Milliseconds(1)},
                                       hopeless);
  ASSERT_THAT(hopeless, SizeIs(1));
  EXPECT_EQ(hopeless[0].state, hopeless_job);
  EXPECT_EQ(hopeless[0].tokens, 50);
  EXPECT_THAT(hopeless_job->status, StatusIs(absl::StatusCode::kDeadlineExceeded, testing::_));
  EXPECT_EQ(hopeless_job->reason, RejectReason::kTooLate);
  EXPECT_EQ(batch.pieces.at(0).state, other);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(ModelQueueTest, AFullQueueTakesFromTheClientThatHasMost) {
  for (int i = 0; i < 3; ++i) Add({10}, {.client = "small"});
  std::vector<std::shared_ptr<JobState>> flood;
  for (int i = 0; i < 10; ++i) flood.push_back(Add({10}, {.client = "flood"}));
  const std::string small = "small";
  const auto victims = queue_.FindVictims({.client = small, .tokens = 15}, {.tokens = 15});
  ASSERT_TRUE(victims.has_value());
  ASSERT_THAT(*victims, SizeIs(2));
  EXPECT_EQ((*victims)[0], flood[9]);  // the last ones
  EXPECT_EQ((*victims)[1], flood[8]);
  const auto removed = queue_.Displace(*victims, absl::ResourceExhaustedError("out"));
  ASSERT_THAT(removed, SizeIs(2));
  EXPECT_EQ(removed[0].state->reason, RejectReason::kDisplaced);
  EXPECT_EQ(queue_.tokens(), 110);
}

TEST_F(ModelQueueTest, WhoHasMostDisplacesNobody) {
  for (int i = 0; i < 3; ++i) Add({10}, {.client = "small"});
  for (int i = 0; i < 10; ++i) Add({10}, {.client = "flood"});
  const std::string flood = "flood";
  const std::string third = "third";
  EXPECT_EQ(queue_.FindVictims({.client = flood, .tokens = 10}, {.requests = 1}), std::nullopt);
  // Nor does one that would have more than he whom it displaces.
  EXPECT_EQ(queue_.FindVictims({.client = third, .tokens = 100}, {.tokens = 100}), std::nullopt);
  EXPECT_NE(queue_.FindVictims({.client = third, .tokens = 99}, {.tokens = 10}), std::nullopt);
}

TEST_F(ModelQueueTest, TheMoreUrgentDisplacesTheLessUrgent) {
  const auto lazy = Add({10}, {.client = "a", .priority = 5});
  const auto begun = Add({10, 10}, {.client = "b", .priority = 9});
  begun->next_sequence = 1;
  const std::string client = "flood";
  const auto victims =
      queue_.FindVictims({.client = client, .priority = 4, .tokens = 500}, {.requests = 1});
  ASSERT_TRUE(victims.has_value());
  EXPECT_THAT(*victims, testing::ElementsAre(lazy));  // what has begun keeps its place
  EXPECT_EQ(queue_.FindVictims({.client = client, .priority = 6, .tokens = 1}, {.requests = 1}),
            std::nullopt);
}

TEST_F(ModelQueueTest, KnowsWhatComesBeforeANewcomer) {
  Add({10}, {.client = "a", .priority = 0});
  Add({20}, {.deadline = kTestNow + absl::Seconds(1), .client = "a", .priority = 1});
  Add({30}, {.deadline = kTestNow + absl::Seconds(3), .client = "a", .priority = 1});
  Add({500}, {.client = "b", .priority = 1});
  Add({999}, {.client = "b", .priority = 2});
  const std::string a = "a";
  const std::string c = "c";
  const absl::Time in_2s = kTestNow + absl::Seconds(2);
  EXPECT_EQ(queue_.TokensBefore({.client = a, .priority = 0}), 10);
  EXPECT_EQ(queue_.TokensBefore({.client = a, .priority = 1, .deadline = in_2s}), 10 + 20 + 20);
  EXPECT_EQ(queue_.TokensBefore({.client = a, .priority = 1}), 10 + 50 + 50);
  EXPECT_EQ(queue_.TokensBefore({.client = c, .priority = 1}), 10);
}

}  // namespace
}  // namespace sta
