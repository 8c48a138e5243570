// SPDX-License-Identifier: Apache-2.0
//
// What a batcher refuses, and what it has taken and does not compute: for want of room, of time, or
// of somebody who waits for it.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>

#include "server/batching/retry_after.h"
#include "tests/server/batching/batcher_fixture.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using BatcherRefusalTest = BatcherTest;

TEST_F(BatcherRefusalTest, NeverComputesExpiredOrCancelledWork) {
  Start({});
  auto blocker = Occupy();
  auto gone = std::make_shared<std::atomic<bool>>(false);
  auto cancelled = Submit({Sequence(4, 1)}, {.cancelled = gone});
  auto expired = Submit({Sequence(4, 2)}, {.deadline = clock_.Now() + absl::Seconds(1)});
  auto alive = Submit({Sequence(2, 3)}, {.deadline = clock_.Now() + absl::Seconds(9)});
  gone->store(true);
  clock_.Advance(absl::Seconds(2));
  devices_[0]->Release();
  EXPECT_THAT(cancelled.get(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(expired.get(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  ASSERT_THAT(alive.get(), IsOk());
  EXPECT_THAT(devices_[0]->batches(), ElementsAre(ElementsAre(0, 1), ElementsAre(0, 2)));
  EXPECT_EQ(observer_.rejected[RejectReason::kCancelled], 1);
  EXPECT_EQ(observer_.rejected[RejectReason::kExpired], 1);
}

TEST_F(BatcherRefusalTest, RefusesWhatDoesNotFitTheQueue) {
  Start({.admission = {.max_queue_tokens = 10, .max_queue_requests = 2}});
  auto blocker = Occupy();
  auto fits = Submit({Sequence(6, 1)});
  EXPECT_THAT(Submit({Sequence(5, 2)}).get(),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("at most 10")));
  auto fits_too = Submit({Sequence(4, 3)});
  EXPECT_THAT(Submit({Sequence(0, 4)}).get(),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("2 requests")));
  devices_[0]->Release();
  EXPECT_THAT(fits.get(), IsOk());
  EXPECT_THAT(fits_too.get(), IsOk());
  EXPECT_EQ(observer_.rejected[RejectReason::kQueueFull], 2);
}

TEST_F(BatcherRefusalTest, RefusesWhatNoDeviceCanDoInTime) {
  Start({});
  devices_[0]->SetEstimate(absl::ZeroDuration(), absl::Milliseconds(10));
  EXPECT_THAT(Submit({Sequence(4, 1)}, {.deadline = clock_.Now() + absl::Milliseconds(20)}).get(),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("take about 40ms")));
  EXPECT_TRUE(devices_[0]->batches().empty());
  EXPECT_EQ(observer_.rejected[RejectReason::kTooLate], 1);
  EXPECT_THAT(Submit({Sequence(4, 1)}, {.deadline = clock_.Now() + absl::Milliseconds(40)}).get(),
              IsOk());
}

TEST_F(BatcherRefusalTest, RefusesWhatTheQueueMakesTooLate) {
  Start({});
  devices_[0]->SetEstimate(absl::ZeroDuration(), absl::Milliseconds(10));
  auto blocker = Occupy();
  auto first = Submit({Sequence(50, 1)}, {.deadline = clock_.Now() + absl::Seconds(9)});
  // Half a second, behind the other; of another client it takes turns with it.
  const Extra late = {.deadline = clock_.Now() + absl::Milliseconds(300)};
  auto urgent = Submit({Sequence(20, 1)}, late);  // an earlier deadline: before the other
  EXPECT_THAT(Submit({Sequence(20, 1)}, {.deadline = clock_.Now() + absl::Seconds(10)})
                  .wait_for(std::chrono::seconds(0)),
              std::future_status::timeout);
  EXPECT_THAT(Submit({Sequence(20, 1)}, late).get(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  devices_[0]->Release();
  EXPECT_THAT(urgent.get(), IsOk());
  EXPECT_THAT(first.get(), IsOk());
}

TEST_F(BatcherRefusalTest, NeverComputesWhatHasBecomeHopeless) {
  Start({});
  devices_[0]->SetEstimate(absl::ZeroDuration(), absl::Milliseconds(10));
  auto blocker = Occupy();
  auto hopeless = Submit({Sequence(4, 1)}, {.deadline = clock_.Now() + absl::Milliseconds(60)});
  auto alive = Submit({Sequence(2, 1)}, {.deadline = clock_.Now() + absl::Seconds(9)});
  clock_.Advance(absl::Milliseconds(45));  // 15 ms are left of the 40 that it takes
  devices_[0]->Release();
  EXPECT_THAT(hopeless.get(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(alive.get(), IsOk());
  EXPECT_THAT(devices_[0]->batches(), ElementsAre(ElementsAre(0, 1), ElementsAre(0, 2)));
  EXPECT_EQ(observer_.rejected[RejectReason::kTooLate], 1);
}

TEST_F(BatcherRefusalTest, GivesThePlaceOfAFloodToAnother) {
  Start({.admission = {.max_queue_requests = 2}});
  auto blocker = Occupy();
  auto first = Submit({Sequence(4, 1)}, {.client = "flood"});
  auto second = Submit({Sequence(4, 2)}, {.client = "flood"});
  EXPECT_THAT(Submit({Sequence(4, 3)}, {.client = "flood"}).get(),
              StatusIs(absl::StatusCode::kResourceExhausted));
  auto small = Submit({Sequence(2, 4)}, {.client = "small"});
  const Answer displaced = second.get();
  EXPECT_THAT(displaced, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("the place")));
  EXPECT_TRUE(RetryAfterOf(displaced.status()).has_value());
  devices_[0]->Release();
  EXPECT_THAT(first.get(), IsOk());
  EXPECT_THAT(small.get(), IsOk());
  EXPECT_EQ(observer_.rejected[RejectReason::kDisplaced], 1);
}

TEST_F(BatcherRefusalTest, SaysBeforehandWhatItWouldRefuse) {
  Start({.admission = {.max_queue_requests = 1}});
  EXPECT_THAT(batcher_->CheckEarly({.model = model_, .least_tokens = 2}), IsOk());
  auto blocker = Occupy();
  auto waiting = Submit({Sequence(4, 1)});
  EXPECT_THAT(batcher_->CheckEarly({.model = model_, .least_tokens = 2}),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(batcher_->CheckEarly({.model = model_, .deadline = clock_.Now(), .least_tokens = 2}),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(observer_.rejected[RejectReason::kQueueFull], 1);
  EXPECT_EQ(observer_.rejected[RejectReason::kExpired], 1);
  devices_[0]->Release();
  EXPECT_THAT(waiting.get(), IsOk());
  batcher_->StopAccepting();
  EXPECT_THAT(batcher_->CheckEarly({.model = model_, .least_tokens = 2}),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(BatcherRefusalTest, ExpiresWhatWaitsWhileEveryDeviceIsBusy) {
  Start({});
  auto blocker = Occupy();
  auto expired = Submit({Sequence(4, 2)}, {.deadline = clock_.Now() + absl::Seconds(1)});
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(expired.get(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  devices_[0]->Release();
  EXPECT_THAT(blocker.get(), IsOk());
}

}  // namespace
}  // namespace sta
