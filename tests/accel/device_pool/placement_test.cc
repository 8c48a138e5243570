// SPDX-License-Identifier: Apache-2.0
#include "accel/device_pool/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace sta {
namespace {

DeviceView Idle(absl::Duration estimate) {
  return {.ready = true, .has_room = true, .free_in = absl::ZeroDuration(), .estimate = estimate};
}
DeviceView Busy(absl::Duration free_in, absl::Duration estimate) {
  return {.ready = true, .has_room = false, .free_in = free_in, .estimate = estimate};
}

MATCHER_P2(Takes, device, tokens, "") {
  return arg.has_value() && arg->device == static_cast<size_t>(device) &&
         arg->token_budget == tokens;
}

constexpr absl::Duration kMs = absl::Milliseconds(1);

TEST(PlacementTest, NobodyReadyTakesNothing) {
  EXPECT_EQ(Place({}, {.batch_tokens = 1, .waiting_tokens = 1}), std::nullopt);
  EXPECT_EQ(Place(std::vector<DeviceView>(3), {.batch_tokens = 1, .waiting_tokens = 1}),
            std::nullopt);
}

TEST(PlacementTest, ASingleDeviceTakesAllWhereItHasRoom) {
  EXPECT_THAT(Place(std::vector{Idle(10 * kMs)}, {.batch_tokens = 64, .waiting_tokens = 64}),
              Takes(0, 64));
  EXPECT_EQ(Place(std::vector{Busy(kMs, 10 * kMs)}, {.batch_tokens = 64, .waiting_tokens = 999}),
            std::nullopt);
}

TEST(PlacementTest, TheFirstToFinishTakesIt) {
  EXPECT_THAT(Place(std::vector{Idle(absl::Microseconds(150)), Idle(absl::Microseconds(90))},
                    {.batch_tokens = 8, .waiting_tokens = 8}),
              Takes(1, 8));
}

TEST(PlacementTest, IdleDevicesShareWhatWaits) {
  EXPECT_THAT(Place(std::vector(4, Idle(80 * kMs)), {.batch_tokens = 800, .waiting_tokens = 800}),
              Takes(0, 200));
  // One that is three times as fast takes three quarters.
  EXPECT_THAT(Place(std::vector{Idle(90 * kMs), Idle(30 * kMs)},
                    {.batch_tokens = 800, .waiting_tokens = 800}),
              Takes(1, 600));
}

TEST(PlacementTest, TinyWorkIsNotScattered) {
  EXPECT_THAT(Place(std::vector(4, Idle(absl::Microseconds(300))),
                    {.batch_tokens = 30, .waiting_tokens = 30}),
              Takes(0, 30));
}

TEST(PlacementTest, ASlowDeviceLeavesShortQueuesToAFastOneThatIsBusy) {
  // The card ends everything in 12 ms; the emulator would take 40.
  EXPECT_EQ(Place(std::vector{Busy(2 * kMs, 10 * kMs), Idle(400 * kMs)},
                  {.batch_tokens = 100, .waiting_tokens = 100})
                .value_or(Placement{.token_budget = 3})
                .token_budget,
            3);
}

TEST(PlacementTest, ASlowDeviceHelpsUnderBacklog) {
  EXPECT_THAT(Place(std::vector{Busy(10 * kMs, 10 * kMs), Idle(40 * kMs)},
                    {.batch_tokens = 100, .waiting_tokens = 1000}),
              Takes(1, 100));
}

TEST(PlacementTest, ADeviceThatIsNotReadyIsNotCounted) {
  std::vector<DeviceView> devices = {Idle(kMs), Idle(10 * kMs)};
  devices[0].ready = false;
  EXPECT_THAT(Place(devices, {.batch_tokens = 100, .waiting_tokens = 100}), Takes(1, 100));
}

TEST(PlacementTest, EstimatesOfZeroAreNoReasonToFail) {
  EXPECT_THAT(Place(std::vector{Idle(absl::ZeroDuration()), Idle(absl::ZeroDuration())},
                    {.batch_tokens = 5, .waiting_tokens = 5}),
              Takes(0, 5));
}

TEST(PlacementTest, FirstToFinishCountsWhatADeviceHolds) {
  EXPECT_EQ(FirstToFinish(std::vector{Busy(30 * kMs, 5 * kMs), Idle(20 * kMs)}), 1U);
  EXPECT_EQ(FirstToFinish(std::vector{Busy(10 * kMs, 5 * kMs), Idle(20 * kMs)}), 0U);
  EXPECT_EQ(FirstToFinish(std::vector<DeviceView>(2)), std::nullopt);
}

MATCHER_P2(Lasts, begin, end, "") {
  return arg.has_value() && absl::AbsDuration(arg->begin - (begin)) < absl::Microseconds(1) &&
         absl::AbsDuration(arg->end - (end)) < absl::Microseconds(1);
}

TEST(PlacementTest, LooksAheadOnOneDevice) {
  EXPECT_EQ(LookAhead(std::vector<DeviceView>(2), 10, 0, false), std::nullopt);
  EXPECT_THAT(LookAhead(std::vector{Idle(10 * kMs)}, 10, 0, false), Lasts(0 * kMs, 10 * kMs));
  EXPECT_THAT(LookAhead(std::vector{Busy(5 * kMs, 10 * kMs)}, 10, 0, false),
              Lasts(5 * kMs, 15 * kMs));
  // A millisecond a token, 30 of them before it.
  EXPECT_THAT(LookAhead(std::vector{Busy(5 * kMs, 10 * kMs)}, 10, 30, false),
              Lasts(35 * kMs, 45 * kMs));
}

TEST(PlacementTest, LooksAheadOnSeveralDevices) {
  const std::vector<DeviceView> two = {Busy(20 * kMs, 10 * kMs), Idle(10 * kMs)};
  EXPECT_THAT(LookAhead(two, 10, 0, false), Lasts(0 * kMs, 10 * kMs));
  EXPECT_THAT(LookAhead(two, 10, 40, false), Lasts(30 * kMs, 40 * kMs));
  EXPECT_THAT(LookAhead(two, 10, 40, true), Lasts(30 * kMs, 35 * kMs));
}

}  // namespace
}  // namespace sta
