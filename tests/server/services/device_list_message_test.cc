// SPDX-License-Identifier: Apache-2.0
#include "server/services/device_list_message.h"

#include <gtest/gtest.h>

namespace sta {
namespace {

DeviceStatus QuarantinedCard() {
  return {.caps = {.name = "xrt:0",
                   .kind = "xrt",
                   .detail = "16x16x8",
                   .max_tokens = 4096,
                   .max_in_flight = 2},
          .state = DeviceState::kQuarantined,
          .reason = "hang",
          .since = absl::FromUnixMillis(12'500),
          .next_attempt = absl::FromUnixMillis(13'500),
          .in_flight = 1,
          .batches = 2,
          .tokens = 3,
          .failures = 4,
          .audits = 5,
          .audit_mismatches = 6,
          .busy = absl::Milliseconds(7'250),
          .telemetry = {.temperature_celsius = 61.5}};
}

TEST(DeviceListMessageTest, HoldsEveryField) {
  const v1::ListDevicesResponse list =
      MakeDeviceList({QuarantinedCard()}, absl::FromUnixSeconds(10), absl::FromUnixSeconds(20));
  EXPECT_EQ(list.counting_since().seconds(), 10);
  EXPECT_EQ(list.time().seconds(), 20);
  const v1::Device& device = list.devices(0);
  EXPECT_EQ(device.name(), "xrt:0");
  EXPECT_EQ(device.kind(), "xrt");
  EXPECT_EQ(device.detail(), "16x16x8");
  EXPECT_EQ(device.reason(), "hang");
  EXPECT_EQ(device.since().seconds(), 12);
  EXPECT_EQ(device.since().nanos(), 500'000'000);
  EXPECT_EQ(device.next_attempt().seconds(), 13);
  EXPECT_EQ(device.max_tokens(), 4096);
  EXPECT_EQ(device.max_in_flight(), 2);
  EXPECT_EQ(device.in_flight(), 1);
  EXPECT_EQ(device.batches(), 2);
  EXPECT_EQ(device.tokens(), 3);
  EXPECT_EQ(device.failures(), 4);
  EXPECT_EQ(device.audits(), 5);
  EXPECT_EQ(device.audit_mismatches(), 6);
  EXPECT_EQ(device.busy().seconds(), 7);
  EXPECT_EQ(device.busy().nanos(), 250'000'000);
  EXPECT_EQ(device.temperature_celsius(), 61.5);
}

TEST(DeviceListMessageTest, NamesEveryState) {
  const std::pair<DeviceState, v1::DeviceState> cases[] = {
      {DeviceState::kReady, v1::DEVICE_STATE_READY},
      {DeviceState::kQuarantined, v1::DEVICE_STATE_QUARANTINED},
      {DeviceState::kProbation, v1::DEVICE_STATE_PROBATION},
      {DeviceState::kHeld, v1::DEVICE_STATE_HELD}};
  for (const auto& [state, expected] : cases) {
    DeviceStatus device = QuarantinedCard();
    device.state = state;
    EXPECT_EQ(MakeDeviceList({device}, {}, {}).devices(0).state(), expected);
  }
}

TEST(DeviceListMessageTest, KnowsAChangeFromACounter) {
  const DeviceStatus device = QuarantinedCard();
  DeviceStatus counted = device;
  counted.in_flight = 0;
  ++counted.batches;
  ++counted.tokens;
  ++counted.failures;
  ++counted.audits;
  ++counted.audit_mismatches;
  counted.busy += absl::Seconds(1);
  counted.telemetry = {};
  EXPECT_TRUE(SameButCounters({device}, {counted}));
  EXPECT_FALSE(SameButCounters({device}, {}));
  EXPECT_FALSE(SameButCounters({device}, {device, device}));

  void (*const changes[])(DeviceStatus&) = {
      [](DeviceStatus& d) { d.caps.name = "xrt:1"; },
      [](DeviceStatus& d) { d.state = DeviceState::kHeld; },
      [](DeviceStatus& d) { d.reason = "checksum"; },
      [](DeviceStatus& d) { d.since += absl::Seconds(1); },
      [](DeviceStatus& d) { d.next_attempt += absl::Seconds(1); }};
  for (const auto& change : changes) {
    DeviceStatus changed = device;
    change(changed);
    EXPECT_FALSE(SameButCounters({device}, {changed}));
  }
}

}  // namespace
}  // namespace sta
