// SPDX-License-Identifier: Apache-2.0
#include "server/services/diagnostic_runner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/support/diagnostic_models.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

class RecordingObserver final : public BatchObserver {
 public:
  void OnBatch(const ServedModel& /*model*/, const BatchRecord& /*record*/) override {}
  void OnBatchDone(const ServedModel& /*model*/, const BatchRecord& /*record*/,
                   absl::Duration /*compute*/) override {}
  void OnQueueChange(const ServedModel& /*model*/, int64_t requests, int64_t /*tokens*/) override {
    waiting_ += requests;
  }
  void OnRejected(const ServedModel& /*model*/, RejectReason reason) override {
    const absl::MutexLock lock(&mutex_);
    rejected_.push_back(reason);
  }
  int64_t waiting() const { return waiting_; }
  std::vector<RejectReason> rejected() const {
    const absl::MutexLock lock(&mutex_);
    return rejected_;
  }

 private:
  std::atomic<int64_t> waiting_ = 0;
  mutable absl::Mutex mutex_;
  std::vector<RejectReason> rejected_ ABSL_GUARDED_BY(mutex_);
};

// One request and its answer, for which a test waits: the runner has a pointer to this.
class Pending {
 public:
  DiagnosticJob Job(std::shared_ptr<const ServedModel> model,
                    absl::Time deadline = absl::InfiniteFuture()) {
    return {.model = std::move(model),
            .deadline = deadline,
            .cancelled = cancelled_,
            .done = [this](const absl::Status& status) {
              status_ = status;
              answered_.Notify();  // dies if it is answered twice
            }};
  }
  void Cancel() { cancelled_->store(true); }
  bool is_answered() const { return answered_.HasBeenNotified(); }
  absl::Status Wait() const {
    answered_.WaitForNotification();
    return status_;
  }

 private:
  const std::shared_ptr<std::atomic<bool>> cancelled_ = std::make_shared<std::atomic<bool>>(false);
  absl::Status status_;
  absl::Notification answered_;
};

std::shared_ptr<const ServedModel> Delayed(absl::Duration delay) {
  DiagnosticConfig config = IdentityConfig({Datatype::kFp32}, {64});
  config.delay_us = absl::ToInt64Microseconds(delay);
  return MakeDiagnostic(config);
}

class DiagnosticRunnerTest : public testing::Test {
 protected:
  FakeClock clock_;
  RecordingObserver observer_;
  std::unique_ptr<DiagnosticRunner> runner_ = std::make_unique<DiagnosticRunner>(
      DiagnosticRunner::Options{.max_waiting_requests = 2}, clock_, observer_);
  const std::shared_ptr<const ServedModel> prompt_ = Delayed(absl::ZeroDuration());
  const std::shared_ptr<const ServedModel> slow_ = Delayed(absl::Seconds(2));
};

TEST_F(DiagnosticRunnerTest, AnswersAtOnceWhereThereIsNoDelay) {
  Pending pending;
  runner_->Submit(pending.Job(prompt_, clock_.Now()));
  ASSERT_TRUE(pending.is_answered());
  EXPECT_THAT(pending.Wait(), IsOk());
}

TEST_F(DiagnosticRunnerTest, AnswersWhenTheDelayIsOver) {
  Pending first;
  Pending second;
  Pending quick;
  runner_->Submit(first.Job(slow_));
  EXPECT_EQ(observer_.waiting(), 1);
  clock_.Advance(absl::Seconds(1));
  runner_->Submit(second.Job(slow_));
  runner_->Submit(quick.Job(prompt_));
  EXPECT_TRUE(quick.is_answered());
  EXPECT_FALSE(first.is_answered());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(first.Wait(), IsOk());
  EXPECT_FALSE(second.is_answered());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(second.Wait(), IsOk());
  EXPECT_EQ(observer_.waiting(), 0);
  EXPECT_THAT(observer_.rejected(), ElementsAre());
}

TEST_F(DiagnosticRunnerTest, AShorterDelayOvertakesALongerOne) {
  Pending slow;
  Pending quicker;
  runner_->Submit(slow.Job(slow_));
  runner_->Submit(quicker.Job(Delayed(absl::Seconds(1))));
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(quicker.Wait(), IsOk());
  EXPECT_FALSE(slow.is_answered());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(slow.Wait(), IsOk());
}

TEST_F(DiagnosticRunnerTest, RefusesAtOnceWhatCannotBeInTime) {
  Pending late;
  runner_->Submit(late.Job(slow_, clock_.Now() + absl::Seconds(1)));
  ASSERT_TRUE(late.is_answered());
  EXPECT_THAT(late.Wait(), StatusIs(StatusCode::kDeadlineExceeded,
                                    "the deadline is before the end of this model's delay of 2s"));
  Pending past;
  runner_->Submit(past.Job(prompt_, clock_.Now() - absl::Seconds(1)));
  EXPECT_THAT(past.Wait(), StatusIs(StatusCode::kDeadlineExceeded));
  EXPECT_THAT(observer_.rejected(), ElementsAre(RejectReason::kExpired, RejectReason::kExpired));
  Pending just;
  runner_->Submit(just.Job(slow_, clock_.Now() + absl::Seconds(2)));
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(just.Wait(), IsOk());
}

TEST_F(DiagnosticRunnerTest, ADeadlineThatPassedMeanwhileCounts) {
  Pending pending;
  runner_->Submit(pending.Job(slow_, clock_.Now() + absl::Seconds(2)));
  clock_.Advance(absl::Seconds(3));  // the thread comes late
  EXPECT_THAT(pending.Wait(), StatusIs(StatusCode::kDeadlineExceeded, "the deadline has passed"));
  EXPECT_THAT(observer_.rejected(), ElementsAre(RejectReason::kExpired));
}

TEST_F(DiagnosticRunnerTest, ACancelledRequestIsAnsweredAtOnce) {
  Pending gone;
  Pending stays;
  runner_->Submit(stays.Job(slow_));
  runner_->Submit(gone.Job(slow_));
  gone.Cancel();
  runner_->OnCancelled();
  EXPECT_THAT(gone.Wait(), StatusIs(StatusCode::kCancelled));
  EXPECT_FALSE(stays.is_answered());
  Pending gone_before;
  gone_before.Cancel();
  runner_->Submit(gone_before.Job(prompt_));
  EXPECT_THAT(gone_before.Wait(), StatusIs(StatusCode::kCancelled));
  EXPECT_THAT(observer_.rejected(),
              ElementsAre(RejectReason::kCancelled, RejectReason::kCancelled));
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(stays.Wait(), IsOk());
}

TEST_F(DiagnosticRunnerTest, NoMoreWaitThanAreAllowed) {
  Pending first;
  Pending second;
  Pending third;
  runner_->Submit(first.Job(slow_));
  runner_->Submit(second.Job(slow_));
  runner_->Submit(third.Job(slow_));
  EXPECT_THAT(third.Wait(), StatusIs(StatusCode::kResourceExhausted, HasSubstr("2 requests wait")));
  EXPECT_EQ(observer_.waiting(), 2);
  EXPECT_THAT(observer_.rejected(), ElementsAre(RejectReason::kQueueFull));
  Pending quick;
  runner_->Submit(quick.Job(prompt_));
  EXPECT_THAT(quick.Wait(), IsOk());
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(first.Wait(), IsOk());
  EXPECT_THAT(second.Wait(), IsOk());
}

TEST_F(DiagnosticRunnerTest, DrainsWhatWaits) {
  EXPECT_TRUE(runner_->WaitUntilIdle(clock_.Now()));
  Pending before;
  runner_->Submit(before.Job(slow_));
  runner_->StopAccepting();
  Pending after;
  runner_->Submit(after.Job(prompt_));
  EXPECT_THAT(after.Wait(), StatusIs(StatusCode::kUnavailable, HasSubstr("draining")));
  EXPECT_THAT(observer_.rejected(), ElementsAre(RejectReason::kDraining));
  EXPECT_FALSE(runner_->WaitUntilIdle(clock_.Now()));
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(runner_->WaitUntilIdle(absl::InfiniteFuture()));
  EXPECT_THAT(before.Wait(), IsOk());
}

TEST_F(DiagnosticRunnerTest, TheEndAnswersWhatStillWaits) {
  Pending pending;
  runner_->Submit(pending.Job(slow_));
  runner_.reset();
  ASSERT_TRUE(pending.is_answered());
  EXPECT_THAT(pending.Wait(), StatusIs(StatusCode::kUnavailable, "the server is shutting down"));
}

}  // namespace
}  // namespace sta
