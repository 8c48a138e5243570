// SPDX-License-Identifier: Apache-2.0
#include "accel/device_pool/device_pool.h"

#include <atomic>
#include <random>
#include <thread>

#include "tests/accel/device_pool/pool_test.h"

namespace sta {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::array<int32_t, 2> kFourTokens = {0, 4};
const DevicePool::Offer kOffer = {.sequence_offsets = kFourTokens, .waiting_tokens = 4};

TEST_F(PoolTest, RunsABatch) {
  Start({"card"});
  ExpectRight(DispatchTo(0));
  const DeviceStatus status = StatusOf(0);
  EXPECT_EQ(status.batches, 1);
  EXPECT_EQ(status.tokens, 4);
  EXPECT_EQ(status.in_flight, 0);
  EXPECT_EQ(status.failures, 0);
}

TEST_F(PoolTest, ChoosesTheFirstToFinishAndThenTheOneWithRoom) {
  Start({"card", "card"});
  devices_[0]->SetEstimate(absl::Milliseconds(3), absl::ZeroDuration());
  EXPECT_EQ(pool_->Choose(*program_, kOffer)->device, 1U);
  devices_[1]->Hold();
  auto held = DispatchTo(1);
  devices_[1]->WaitUntilRunning();
  // Four tokens would be done by "b" in 1 + 1 ms; "a" takes 3.
  EXPECT_EQ(pool_->Choose(*program_, kOffer), std::nullopt);
  EXPECT_EQ(
      pool_->Choose(*program_, {.sequence_offsets = kFourTokens, .waiting_tokens = 400})->device,
      0U);
  devices_[1]->Release();
  ExpectRight(std::move(held));
}

TEST_F(PoolTest, ADeviceThatIsLateIsNotWaitedForEverLonger) {
  Start({"card", "card"});
  devices_[1]->SetEstimate(absl::Milliseconds(3), absl::ZeroDuration());
  devices_[0]->Hold();
  auto held = DispatchTo(0);
  devices_[0]->WaitUntilRunning();
  EXPECT_EQ(pool_->Choose(*program_, kOffer), std::nullopt) << "it is done in a millisecond";
  clock_.Advance(absl::Milliseconds(10));
  EXPECT_EQ(pool_->Choose(*program_, kOffer)->device, 1U);
  devices_[0]->Release();
  ExpectRight(std::move(held));
}

TEST_F(PoolTest, AFailedBatchRunsElsewhereAndItsDeviceIsQuarantined) {
  Start({"card", "card"});
  devices_[0]->FailNext(absl::UnavailableError("hang"));
  ExpectRight(DispatchTo(0));
  EXPECT_EQ(StatusOf(0).state, DeviceState::kQuarantined);
  EXPECT_EQ(StatusOf(0).reason, "hang");
  EXPECT_EQ(StatusOf(0).failures, 1);
  EXPECT_THAT(AwaitFailovers(1), ElementsAre("a -> b"));
  EXPECT_EQ(pool_->Choose(*program_, kOffer)->device, 1U);
}

TEST_F(PoolTest, EveryFailureOfADeviceFailsOver) {
  for (const absl::Status& failure :
       {absl::UnavailableError("x"), absl::InternalError("x"), absl::DataLossError("x")}) {
    devices_.clear();
    TearDown();
    Start({"card", "card"});
    devices_[0]->FailNext(failure);
    ExpectRight(DispatchTo(0));
  }
}

TEST_F(PoolTest, WhatIsNotTheDevicesFaultIsTheAnswer) {
  Start({"card", "card"});
  for (const absl::Status& status :
       {absl::DeadlineExceededError("late"), absl::InvalidArgumentError("too long")}) {
    devices_[0]->FailNext(status);
    EXPECT_EQ(DispatchTo(0).get().status, status);
  }
  EXPECT_EQ(StatusOf(0).state, DeviceState::kReady);
  EXPECT_THAT(observer_.failovers(), IsEmpty());
}

TEST_F(PoolTest, AStatusThatNoDeviceMayReturnIsItsFailure) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kCancelled, absl::StatusCode::kUnknown, absl::StatusCode::kNotFound,
        absl::StatusCode::kResourceExhausted, absl::StatusCode::kFailedPrecondition,
        absl::StatusCode::kUnimplemented}) {
    devices_.clear();
    TearDown();
    Start({"card", "card"});
    devices_[0]->FailNext(absl::Status(code, "odd"));
    ExpectRight(DispatchTo(0));
    EXPECT_EQ(StatusOf(0).state, DeviceState::kQuarantined);
    EXPECT_EQ(StatusOf(0).reason, "the device failed with " + absl::Status(code, "odd").ToString());
  }
}

TEST_F(PoolTest, WhenEveryDeviceFailsTheBatchIsUnavailable) {
  Start({"card", "card"});
  devices_[0]->FailNext(absl::UnavailableError("hang"));
  devices_[1]->FailNext(absl::InternalError("error register 5"));
  EXPECT_THAT(DispatchTo(0).get().status,
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("'b': error register 5")));
  EXPECT_EQ(pool_->Choose(*program_, kOffer), std::nullopt);
  EXPECT_THAT(DispatchTo(1).get().status, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(PoolTest, ABatchPastItsDeadlineIsNotRun) {
  Start({"card"});
  EXPECT_THAT(DispatchTo(0, 4, clock_.Now()).get().status,
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(devices_[0]->batches(), IsEmpty());
}

TEST_F(PoolTest, WhatWaitsBehindAFailureGoesElsewhere) {
  Start({"card", "card"});
  devices_[0]->Hold();
  devices_[0]->FailNext(absl::UnavailableError("hang"));
  auto first = DispatchTo(0);
  devices_[0]->WaitUntilRunning();
  auto second = DispatchTo(0, 7);
  devices_[0]->Release();
  ExpectRight(std::move(first));
  ExpectRight(std::move(second));
  EXPECT_EQ(StatusOf(1).batches, 2);
}

// Device "a" hangs in its first batch in the tests from here on; nothing but time, or an operator,
// tells the pool.

TEST_F(PoolTest, WhatWaitsBehindALateRunGoesElsewhere) {
  Start({"card", "card"});
  auto hanging = Hang(0);
  auto second = DispatchTo(0, 7);
  auto third = DispatchTo(0, 5);
  clock_.Advance(absl::Milliseconds(10));
  ExpectRight(std::move(second));
  ExpectRight(std::move(third));
  EXPECT_THAT(devices_[1]->batches(), ElementsAre(ElementsAre(0, 7), ElementsAre(0, 5)));
  EXPECT_EQ(StatusOf(0).in_flight, 1);
  devices_[0]->Release();
  ExpectRight(std::move(hanging));
}

TEST_F(PoolTest, SoDoesWhatCameBeforeTheRunBegan) {
  Start({"card", "card"});
  devices_[0]->Hold();
  auto hanging = DispatchTo(0);
  auto second = DispatchTo(0, 7);
  devices_[0]->WaitUntilRunning();
  clock_.Advance(absl::Milliseconds(10));
  ExpectRight(std::move(second));
  devices_[0]->Release();
  ExpectRight(std::move(hanging));
}

TEST_F(PoolTest, WhatWaitsStaysWhereItEndsFirst) {
  Start({"card", "card"});
  devices_[1]->SetEstimate(absl::Seconds(1), absl::ZeroDuration());
  auto hanging = Hang(0);
  auto second = DispatchTo(0, 7);
  const int calls = room_calls_;
  clock_.Advance(absl::Milliseconds(10));
  while (room_calls_ == calls) std::this_thread::yield();
  EXPECT_EQ(StatusOf(0).in_flight, 2);
  // Until the other one would have ended first.
  for (int i = 0; i < 10; ++i) clock_.Advance(absl::Milliseconds(200));
  ExpectRight(std::move(second));
  EXPECT_EQ(StatusOf(1).batches, 1);
  devices_[0]->Release();
  ExpectRight(std::move(hanging));
}

TEST_F(PoolTest, WhoWaitsForADeviceThatIsLateIsToldToAskAgain) {
  Start({"card", "card"});
  devices_[1]->SetEstimate(absl::Milliseconds(3), absl::ZeroDuration());
  auto hanging = Hang(0);
  EXPECT_EQ(pool_->Choose(*program_, kOffer), std::nullopt);
  const int calls = room_calls_;
  clock_.Advance(absl::Milliseconds(10));
  while (room_calls_ == calls) std::this_thread::yield();
  EXPECT_EQ(pool_->Choose(*program_, kOffer)->device, 1U);
  devices_[0]->Release();
  ExpectRight(std::move(hanging));
}

TEST_F(PoolTest, WhatWaitsForADeviceGoesElsewhereWhenItIsHeld) {
  Start({"card", "card"});
  auto hanging = Hang(0);
  auto second = DispatchTo(0, 7);
  EXPECT_THAT(pool_->Quarantine("a", "new fan", false), IsOk());
  ExpectRight(std::move(second));
  EXPECT_THAT(devices_[1]->batches(), ElementsAre(ElementsAre(0, 7)));
  devices_[0]->Release();
  ExpectRight(std::move(hanging));
}

TEST_F(PoolTest, WhatNobodyCanRunIsToldWhileTheHeldDeviceRuns) {
  Start({"card"});
  auto hanging = Hang(0);
  auto second = DispatchTo(0);
  EXPECT_THAT(pool_->Quarantine("a", "new fan", true), IsOk());
  EXPECT_THAT(second.get().status,
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("'a': new fan")));
  EXPECT_THAT(DispatchTo(0).get().status, StatusIs(absl::StatusCode::kUnavailable));
  devices_[0]->Release();
  ExpectRight(std::move(hanging));
}

TEST_F(PoolTest, ABatchThatIsMovedIsEstimatedForItsNewDevice) {
  Start({"card", "card"});
  devices_[1]->SetEstimate(absl::Milliseconds(1), absl::Milliseconds(2));
  auto hanging = Hang(0);
  devices_[1]->Hold();
  auto second = DispatchTo(0, 4);
  EXPECT_THAT(pool_->Quarantine("a", "", false), IsOk());
  devices_[1]->WaitUntilRunning();
  // "b" is free in 9 ms and takes 9 more; "a" would take 15.
  EXPECT_THAT(pool_->Release("a"), IsOk());
  devices_[0]->Release();
  AwaitState(0, DeviceState::kReady);
  devices_[0]->SetEstimate(absl::Milliseconds(15), absl::ZeroDuration());
  const std::optional<DevicePool::Slot> slot = pool_->Choose(*program_, kOffer);
  ASSERT_TRUE(slot.has_value());
  EXPECT_EQ(slot->device, 0U);
  devices_[1]->Release();
  ExpectRight(std::move(hanging));
  ExpectRight(std::move(second));
}

TEST_F(PoolTest, AQuarantinedDeviceComesBackWhenItAnswersRight) {
  Start({"card", "card"}, {.first_backoff = absl::Seconds(1)});
  devices_[0]->FailNext(absl::UnavailableError("hang"));
  ExpectRight(DispatchTo(0));
  devices_[0]->SetRecoverStatus(absl::UnavailableError("still gone"));
  clock_.Advance(absl::Seconds(1));
  while (devices_[0]->recoveries() == 0) std::this_thread::yield();
  AwaitState(0, DeviceState::kQuarantined);
  // Reopened, but it computes wrong: no.
  devices_[0]->SetRecoverStatus(absl::OkStatus());
  devices_[0]->ComputeWrong(true);
  clock_.Advance(absl::Seconds(2));
  while (devices_[0]->recoveries() < 2) std::this_thread::yield();
  AwaitState(0, DeviceState::kQuarantined);
  devices_[0]->ComputeWrong(false);
  clock_.Advance(absl::Seconds(4));
  AwaitState(0, DeviceState::kReady);
  EXPECT_THAT(observer_.states(), Contains("a probation").Times(3));
  ExpectRight(DispatchTo(0));
}

TEST_F(PoolTest, ADeviceThatComesBackGetsWhatWasLoadedMeanwhile) {
  Start({"card", "card"});
  devices_[0]->FailNext(absl::UnavailableError("hang"));
  ExpectRight(DispatchTo(0));
  auto other = pool_->Load(nullptr);
  ASSERT_THAT(other, IsOk());
  EXPECT_THAT((*other)->devices(), ElementsAre("b"));
  clock_.Advance(absl::Seconds(1));
  AwaitState(0, DeviceState::kReady);
  EXPECT_THAT((*other)->devices(), ElementsAre("a", "b"));
}

TEST_F(PoolTest, ADeviceThatFailsToLoadWhatItLacksDoesNotComeBack) {
  Start({"card", "card"});
  devices_[0]->FailNext(absl::UnavailableError("hang"));
  ExpectRight(DispatchTo(0));
  auto other = pool_->Load(nullptr);
  ASSERT_THAT(other, IsOk());
  devices_[0]->FailLoad(absl::UnavailableError("lost again"), /*good_loads=*/1);  // the probe's
  clock_.Advance(absl::Seconds(1));
  while (StatusOf(0).reason != "lost again") std::this_thread::yield();
  EXPECT_EQ(StatusOf(0).state, DeviceState::kQuarantined);
  EXPECT_THAT(observer_.states(), Not(Contains("a ready").Times(2))) << "once, at the start";
  devices_[0]->FailLoad(absl::OkStatus());
  clock_.Advance(absl::Seconds(2));
  AwaitState(0, DeviceState::kReady);
  EXPECT_THAT((*other)->devices(), ElementsAre("a", "b"));
}

TEST_F(PoolTest, AProgramThatDoesNotFitADeviceRunsOnTheOthers) {
  Start({"card", "card"});
  devices_[0]->FailLoad(absl::UnimplementedError("too wide"));
  auto other = pool_->Load(nullptr);
  ASSERT_THAT(other, IsOk());
  EXPECT_THAT((*other)->devices(), ElementsAre("b"));
  EXPECT_EQ(pool_->Choose(**other, kOffer)->device, 1U);
  devices_[1]->FailLoad(absl::ResourceExhaustedError("full"));
  EXPECT_THAT(pool_->Load(nullptr),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("device 'b': full")));
}

TEST_F(PoolTest, LoadsBesideABatchWhereTheDeviceAllowsIt) {
  StartDevices({{.name = "a", .kind = "emulator", .loads_beside_runs = true}});
  auto hanging = Hang(0);
  EXPECT_THAT(pool_->Load(nullptr), IsOk());
  EXPECT_EQ(devices_[0]->loads(), 2);
  devices_[0]->Release();
  EXPECT_THAT(hanging.get().status, IsOk());
}

TEST_F(PoolTest, LoadsBetweenBatches) {
  Start({"card"});
  devices_[0]->Hold();
  auto running = DispatchTo(0);
  devices_[0]->WaitUntilRunning();
  std::future<absl::StatusOr<std::unique_ptr<PooledProgram>>> loading =
      std::async(std::launch::async, [this] { return pool_->Load(nullptr); });
  devices_[0]->Release();
  EXPECT_THAT(loading.get(), IsOk());
  ExpectRight(std::move(running));
}

TEST_F(PoolTest, AnOperatorHoldsAndReleasesADevice) {
  Start({"card", "card"});
  EXPECT_THAT(pool_->Quarantine("nope", "", false),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("there are: a, b")));
  EXPECT_THAT(pool_->Quarantine("a", "maintenance", false), IsOk());
  EXPECT_EQ(StatusOf(0).state, DeviceState::kHeld);
  EXPECT_EQ(StatusOf(0).reason, "maintenance");
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(StatusOf(0).state, DeviceState::kHeld);
  EXPECT_EQ(pool_->Choose(*program_, kOffer)->device, 1U);
  EXPECT_THAT(pool_->Quarantine("b", "", false),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("the only device")));
  EXPECT_THAT(pool_->Release("a"), IsOk());
  AwaitState(0, DeviceState::kReady);
  EXPECT_EQ(devices_[0]->recoveries(), 1);
  EXPECT_THAT(observer_.states(), Contains("a probation").Times(1));
  EXPECT_THAT(pool_->Release("nope"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PoolTest, WaitForChangeReturnsAtChangesAndAtItsDeadline) {
  Start({"card", "card"});
  const uint64_t seen = pool_->WaitForChange(0, absl::InfiniteFuture());
  EXPECT_EQ(pool_->WaitForChange(seen, clock_.Now()), seen);
  std::future<uint64_t> waiting = std::async(std::launch::async, [this, seen] {
    return pool_->WaitForChange(seen, absl::InfiniteFuture());
  });
  EXPECT_THAT(pool_->Quarantine("a", "", false), IsOk());
  EXPECT_NE(waiting.get(), seen);
}

TEST_F(PoolTest, WaitForChangeCanBeWoken) {
  Start({"card"});
  const uint64_t seen = pool_->WaitForChange(0, absl::InfiniteFuture());
  std::future<uint64_t> waiting = std::async(std::launch::async, [this, seen] {
    return pool_->WaitForChange(seen, absl::InfiniteFuture());
  });
  pool_->WakeWaiters();
  EXPECT_NE(waiting.get(), seen);
}

TEST_F(PoolTest, DestructionTellsWhatWaits) {
  Start({"card"});
  devices_[0]->Hold();
  auto running = DispatchTo(0);
  devices_[0]->WaitUntilRunning();
  auto waiting = DispatchTo(0);
  std::thread destroyer([this] {
    program_.reset();
    pool_.reset();
  });
  EXPECT_THAT(waiting.get().status, StatusIs(absl::StatusCode::kUnavailable));
  devices_[0]->Release();
  ExpectRight(std::move(running));
  destroyer.join();
  devices_.clear();
}

// The other device's thread has ended, or is about to.
TEST_F(PoolTest, ABatchThatFailsAsThePoolClosesIsTold) {
  Start({"card", "card"});
  devices_[0]->Hold();
  devices_[0]->FailNext(absl::UnavailableError("hang"));
  auto running = DispatchTo(0);
  devices_[0]->WaitUntilRunning();
  auto waiting = DispatchTo(0);
  std::thread destroyer([this] {
    program_.reset();
    pool_.reset();
  });
  EXPECT_THAT(waiting.get().status, StatusIs(absl::StatusCode::kUnavailable));
  devices_[0]->Release();
  EXPECT_THAT(running.get().status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("hang")));
  destroyer.join();
  devices_.clear();
}

// Failures at random, and the clock runs: every task is told once, every row that is told is right.
TEST_F(PoolTest, NeverLosesOrSpoilsABatch) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  Start({"card", "card", "card", "emulator"}, {.audit_fraction = 0.3});
  std::vector<std::future<CountingTask::Outcome>> outcomes;
  for (int i = 0; i < 3000; ++i) {
    outcomes.push_back(DispatchTo(random() % 4, static_cast<int32_t>(1 + random() % 64)));
    if (random() % 20 == 0) devices_[random() % 3]->FailNext(absl::InternalError("fault"));
    if (random() % 10 == 0) clock_.Advance(absl::Milliseconds(300));
  }
  for (auto& outcome : outcomes) ExpectRight(std::move(outcome));
}

}  // namespace
}  // namespace sta
