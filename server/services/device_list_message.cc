// SPDX-License-Identifier: Apache-2.0
#include "server/services/device_list_message.h"

#include <algorithm>

#include "accel/program/program.h"
#include "server/services/proto_time.h"

namespace sta {
namespace {

v1::DeviceState ToProto(DeviceState state) {
  switch (state) {
    case DeviceState::kReady:
      return v1::DEVICE_STATE_READY;
    case DeviceState::kQuarantined:
      return v1::DEVICE_STATE_QUARANTINED;
    case DeviceState::kProbation:
      return v1::DEVICE_STATE_PROBATION;
    case DeviceState::kHeld:
      break;
  }
  return v1::DEVICE_STATE_HELD;
}

void FillDevice(const DeviceStatus& status, v1::Device& device) {
  device.set_name(status.caps.name);
  device.set_kind(status.caps.kind);
  device.set_detail(status.caps.detail);
  device.set_state(ToProto(status.state));
  device.set_reason(status.reason);
  SetTime(status.since, *device.mutable_since());
  if (status.next_attempt != absl::InfiniteFuture()) {
    SetTime(status.next_attempt, *device.mutable_next_attempt());
  }
  device.set_max_tokens(status.caps.max_tokens);
  device.set_max_in_flight(status.caps.max_in_flight);
  device.set_in_flight(status.in_flight);
  device.set_batches(status.batches);
  device.set_tokens(status.tokens);
  device.set_failures(status.failures);
  device.set_audits(status.audits);
  device.set_audit_mismatches(status.audit_mismatches);
  SetSeconds(status.busy, *device.mutable_busy());
  if (status.telemetry.temperature_celsius.has_value()) {
    device.set_temperature_celsius(*status.telemetry.temperature_celsius);
  }
}

}  // namespace

v1::ListDevicesResponse MakeDeviceList(const std::vector<DeviceStatus>& devices,
                                       absl::Time counting_since, absl::Time now) {
  v1::ListDevicesResponse response;
  for (const DeviceStatus& device : devices) FillDevice(device, *response.add_devices());
  response.set_arithmetic_version(kArithmeticVersion);
  SetTime(now, *response.mutable_time());
  SetTime(counting_since, *response.mutable_counting_since());
  return response;
}

bool SameButCounters(const std::vector<DeviceStatus>& a, const std::vector<DeviceStatus>& b) {
  return std::ranges::equal(a, b, [](const DeviceStatus& left, const DeviceStatus& right) {
    return left.caps.name == right.caps.name && left.state == right.state &&
           left.reason == right.reason && left.since == right.since &&
           left.next_attempt == right.next_attempt;
  });
}

}  // namespace sta
