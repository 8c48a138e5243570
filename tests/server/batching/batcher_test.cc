// SPDX-License-Identifier: Apache-2.0
//
// What a batcher computes, in which batches, and what it does when devices fail. What it refuses:
// batcher_refusal_test.cc.
#include "server/batching/batcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "tests/server/batching/batcher_fixture.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(BatcherTest, RunsAJobAtOnce) {
  Start({});
  const std::vector<TokenSequence> sequences = {Sequence(3, 7), Sequence(1, 9)};
  const Answer answer = Submit(sequences).get();
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->rows, ExpectedRows(sequences));
  EXPECT_THAT(answer->sequence_offsets, ElementsAre(0, 3, 4));
  EXPECT_EQ(answer->SequenceRows(1, kHidden).front(), 10);
}

TEST_F(BatcherTest, PacksWhatWaitsIntoOneBatchWithoutPadding) {
  Start({});
  auto blocker = Occupy();
  auto first = Submit({Sequence(5, 1)});
  auto second = Submit({Sequence(2, 2), Sequence(3, 3)});
  devices_[0]->Release();
  ASSERT_THAT(first.get(), IsOk());
  ASSERT_THAT(second.get(), IsOk());
  EXPECT_THAT(devices_[0]->batches().back(), ElementsAre(0, 5, 7, 10));
}

TEST_F(BatcherTest, TellsOfWhatWasComputedBeforeItIsAnswered) {
  Start({});
  auto blocker = Occupy();
  auto answer = Submit({Sequence(2, 2), Sequence(3, 3)});
  clock_.Advance(absl::Milliseconds(5));
  devices_[0]->Release();
  STA_ASSERT_OK_AND_ASSIGN(const JobResult first, blocker.get());
  STA_ASSERT_OK_AND_ASSIGN(const JobResult second, answer.get());
  ASSERT_EQ(observer_.computed.size(), 2U);
  EXPECT_EQ(observer_.computed[0].sequences, 1);
  EXPECT_EQ(observer_.computed[1].sequences, 2);
  EXPECT_EQ(observer_.computed[1].tokens, 5);
  EXPECT_EQ(first.compute_time, absl::Milliseconds(5));
  EXPECT_EQ(observer_.compute_time, first.compute_time + second.compute_time);
}

TEST_F(BatcherTest, SplitsAJobOverBatchesAndJoinsIt) {
  Start({.max_batch_tokens = 8}, 2);
  std::vector<TokenSequence> sequences;
  for (int32_t i = 0; i < 25; ++i) sequences.push_back(Sequence(static_cast<size_t>(i % 5) + 1, i));
  const Answer answer = Submit(sequences).get();
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->rows, ExpectedRows(sequences));
  for (const FakeDevice* device : devices_) {
    for (const auto& offsets : device->batches()) EXPECT_LE(offsets.back(), 8);
  }
}

TEST_F(BatcherTest, ASequenceBeyondTheBudgetRunsAlone) {
  Start({.max_batch_tokens = 8});
  const std::vector<TokenSequence> sequences = {Sequence(3, 1), Sequence(20, 2), Sequence(3, 3)};
  const Answer answer = Submit(sequences).get();
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->rows, ExpectedRows(sequences));
  EXPECT_THAT(devices_[0]->batches(),
              ElementsAre(ElementsAre(0, 3), ElementsAre(0, 20), ElementsAre(0, 3)));
}

TEST_F(BatcherTest, ServesTheEarliestDeadlineFirst) {
  Start({.max_batch_tokens = 4});
  auto blocker = Occupy();
  const absl::Time now = clock_.Now();
  auto late = Submit({Sequence(4, 1)}, {.deadline = now + absl::Seconds(9)});
  auto none = Submit({Sequence(3, 2)});
  auto soon = Submit({Sequence(2, 3), Sequence(2, 3)}, {.deadline = now + absl::Seconds(1)});
  devices_[0]->Release();
  ASSERT_THAT(none.get(), IsOk());
  EXPECT_THAT(devices_[0]->batches(), ElementsAre(ElementsAre(0, 1), ElementsAre(0, 2, 4),
                                                  ElementsAre(0, 4), ElementsAre(0, 3)));
}

TEST_F(BatcherTest, ServesTheMostUrgentFirst) {
  Start({.max_batch_tokens = 4});
  auto blocker = Occupy();
  auto normal = Submit({Sequence(4, 1)}, {.priority = 1});
  auto urgent = Submit({Sequence(3, 2)});
  devices_[0]->Release();
  EXPECT_THAT(normal.get(), IsOk());
  EXPECT_THAT(devices_[0]->batches(),
              ElementsAre(ElementsAre(0, 1), ElementsAre(0, 3), ElementsAre(0, 4)));
}

TEST_F(BatcherTest, WaitsForABatchToGrowOnlyIfAsked) {
  Start({.max_batch_tokens = 8, .max_queue_delay = absl::Seconds(1)});
  auto first = Submit({Sequence(3, 1)});
  auto second = Submit({Sequence(2, 2)});
  clock_.Advance(absl::Milliseconds(999));
  EXPECT_TRUE(devices_[0]->batches().empty());
  clock_.Advance(absl::Milliseconds(1));
  ASSERT_THAT(first.get(), IsOk());
  ASSERT_THAT(second.get(), IsOk());
  EXPECT_THAT(devices_[0]->batches(), ElementsAre(ElementsAre(0, 3, 5)));
  // A full budget does not wait.
  EXPECT_THAT(Submit({Sequence(8, 3)}).get(), IsOk());
}

TEST_F(BatcherTest, ModelsTakeTurnsByTokens) {
  Start({.max_batch_tokens = 10});
  const auto other = LoadModel("other");
  auto blocker = Occupy();
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 6; ++i) answers.push_back(Submit({Sequence(10, 1)}));
  for (int i = 0; i < 20; ++i) answers.push_back(Submit({Sequence(1, 2)}, {.model = other}));
  devices_[0]->Release();
  for (auto& answer : answers) ASSERT_THAT(answer.get(), IsOk());
  // After the blocker: big, ten small ones, big, ten small ones, then the rest.
  const auto batches = devices_[0]->batches();
  ASSERT_EQ(batches.size(), 9u);
  EXPECT_EQ(batches[1].size(), 2u);
  EXPECT_EQ(batches[2].size(), 11u);
  EXPECT_EQ(batches[3].size(), 2u);
  EXPECT_EQ(batches[4].size(), 11u);
}

TEST_F(BatcherTest, AFailedBatchRunsOnAnotherDevice) {
  Start({}, 2);
  devices_[0]->FailNext(absl::UnavailableError("card gone"));
  devices_[1]->Hold();
  // Whichever device takes it: the first one fails, the second one computes.
  std::vector<std::future<Answer>> answers;
  for (int32_t i = 0; i < 4; ++i) answers.push_back(Submit({Sequence(2, i)}));
  devices_[1]->Release();
  for (int32_t i = 0; i < 4; ++i) {
    const Answer answer = answers[static_cast<size_t>(i)].get();
    ASSERT_THAT(answer, IsOk());
    EXPECT_EQ(answer->rows, ExpectedRows({Sequence(2, i)}));
  }
}

TEST_F(BatcherTest, WithoutAnotherDeviceTheFailureIsTheAnswer) {
  Start({.max_batch_tokens = 2});
  devices_[0]->FailNext(absl::UnavailableError("card gone"));
  // Two batches: the second is dropped once the first has failed, or fails to matter.
  EXPECT_THAT(Submit({Sequence(2, 1), Sequence(2, 2)}).get(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("card gone")));
  EXPECT_EQ(observer_.computed.size(), 0U);
  // What comes next waits for the device, which is back after its back-off.
  auto next = Submit({Sequence(2, 1)});
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(next.get(), IsOk());
}

TEST_F(BatcherTest, AnOutageIsAnsweredInTheEnd) {
  Start({.max_outage = absl::Seconds(5)});
  devices_[0]->SetRecoverStatus(absl::UnavailableError("still gone"));
  devices_[0]->FailNext(absl::UnavailableError("card gone"));
  EXPECT_THAT(Submit({Sequence(2, 1)}).get(), StatusIs(absl::StatusCode::kUnavailable));
  auto waiting = Submit({Sequence(2, 1)});
  clock_.Advance(absl::Seconds(4));
  EXPECT_EQ(waiting.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(waiting.get(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no device is ready; 'a': ")));
}

TEST_F(BatcherTest, WhatWaitsForADeviceThatHangsRunsOnAnother) {
  Start({}, 2);
  devices_[1]->SetEstimate(absl::Milliseconds(3), absl::ZeroDuration());
  auto blocker = Occupy();
  auto waiting = Submit({Sequence(2, 1)});
  EXPECT_EQ(waiting.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  clock_.Advance(absl::Milliseconds(10));
  EXPECT_THAT(waiting.get(), IsOk());
  devices_[0]->Release();
  EXPECT_THAT(blocker.get(), IsOk());
}

TEST_F(BatcherTest, WhatWaitsForADeviceRunsOnAnotherWhenThatIsHeld) {
  Start({}, 2);
  devices_[1]->SetEstimate(absl::Milliseconds(3), absl::ZeroDuration());
  auto blocker = Occupy();
  auto waiting = Submit({Sequence(2, 1)});
  EXPECT_THAT(batcher_->pool().Quarantine("a", "new fan", false), IsOk());
  EXPECT_THAT(waiting.get(), IsOk());
  devices_[0]->Release();
  EXPECT_THAT(blocker.get(), IsOk());
}

TEST_F(BatcherTest, DrainsWhatItAccepted) {
  Start({});
  auto blocker = Occupy();
  auto accepted = Submit({Sequence(2, 1)});
  batcher_->StopAccepting();
  EXPECT_THAT(Submit({Sequence(2, 2)}).get(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("draining")));
  EXPECT_FALSE(batcher_->WaitUntilIdle(clock_.Now()));
  devices_[0]->Release();
  EXPECT_TRUE(batcher_->WaitUntilIdle(absl::InfiniteFuture()));
  EXPECT_THAT(accepted.get(), IsOk());
}

TEST_F(BatcherTest, DestructionAnswersWhatIsQueued) {
  Start({});
  auto blocker = Occupy();
  auto queued = Submit({Sequence(2, 1)});
  model_.reset();  // a model is gone before its devices are
  std::thread destroyer([this] { batcher_.reset(); });
  EXPECT_THAT(queued.get(), StatusIs(absl::StatusCode::kUnavailable));
  devices_[0]->Release();
  destroyer.join();
  EXPECT_THAT(blocker.get(), IsOk());
}

TEST_F(BatcherTest, LoadsWhereItFitsAndNamesTheDeviceThatRefuses) {
  Start({}, 2);
  devices_[1]->FailLoad(absl::ResourceExhaustedError("no memory"));
  const auto served = batcher_->Load("x", 1, MakeModel());
  ASSERT_THAT(served, IsOk());
  EXPECT_THAT((*served)->program->devices(), ElementsAre("a"));
  devices_[0]->FailLoad(absl::ResourceExhaustedError("no memory"));
  EXPECT_THAT(batcher_->Load("x", 1, MakeModel()),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("device 'b': no memory")));
}

// Random jobs, deadlines, cancellations and failures: every job is answered once, every result is
// that of its own input, and the observer's sums come out even.
TEST_F(BatcherTest, NeverLosesDuplicatesOrMixesUpWork) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 engine(seed);
  const auto uniform = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(engine);
  };
  Start({.max_batch_tokens = 16,
         .admission = {.max_queue_tokens = 100'000, .overload_wait = absl::ZeroDuration()},
         .max_outage = absl::InfiniteDuration()},
        3);
  auto other = LoadModel("other");
  struct Case {
    std::vector<TokenSequence> sequences;
    std::atomic<int> answers = 0;
    std::promise<Answer> answer;
  };
  std::vector<std::unique_ptr<Case>> cases;
  std::vector<std::shared_ptr<std::atomic<bool>>> flags;
  for (int i = 0; i < 2000; ++i) {
    auto job = std::make_unique<Case>();
    for (int s = uniform(1, 4); s > 0; --s) {
      job->sequences.push_back(Sequence(static_cast<size_t>(uniform(1, 20)), uniform(0, 30000)));
    }
    flags.push_back(std::make_shared<std::atomic<bool>>(false));
    Case* raw = job.get();
    batcher_->Submit({.model = uniform(0, 1) == 0 ? model_ : other,
                      .sequences = job->sequences,
                      .deadline = uniform(0, 9) == 0 ? clock_.Now() + absl::Seconds(uniform(0, 3))
                                                     : absl::InfiniteFuture(),
                      .cancelled = flags.back(),
                      .done = [raw](Answer answer) {
                        if (raw->answers.fetch_add(1) == 0)
                          raw->answer.set_value(std::move(answer));
                      }});
    cases.push_back(std::move(job));
    if (uniform(0, 9) == 0) flags[static_cast<size_t>(uniform(0, i))]->store(true);
    if (uniform(0, 49) == 0) clock_.Advance(absl::Seconds(1));
    if (uniform(0, 49) == 0) {
      devices_[static_cast<size_t>(uniform(0, 2))]->FailNext(absl::InternalError("fault"));
    }
  }
  // Devices that failed come back as time passes.
  while (!batcher_->WaitUntilIdle(clock_.Now())) {
    clock_.Advance(absl::Seconds(1));
    std::this_thread::yield();
  }
  int computed = 0;
  for (const auto& job : cases) {
    const Answer answer = job->answer.get_future().get();
    if (answer.ok()) {
      ++computed;
      ASSERT_EQ(answer->rows, ExpectedRows(job->sequences));
    } else {
      ASSERT_TRUE(absl::IsCancelled(answer.status()) || absl::IsDeadlineExceeded(answer.status()) ||
                  absl::IsUnavailable(answer.status()))
          << answer.status();
    }
  }
  EXPECT_GT(computed, 1000);
  for (const auto& job : cases) EXPECT_EQ(job->answers.load(), 1);
  model_.reset();
  other.reset();
  batcher_.reset();
  EXPECT_EQ(observer_.queued_requests, 0);
  EXPECT_EQ(observer_.queued_tokens, 0);
}

}  // namespace
}  // namespace sta
