// SPDX-License-Identifier: Apache-2.0
//
// What the pool knows of a device.
#ifndef ACCEL_DEVICE_POOL_DEVICE_STATUS_H_
#define ACCEL_DEVICE_POOL_DEVICE_STATUS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "accel/device.h"

namespace sta {

enum class DeviceState {
  kReady,
  kQuarantined,  // failed; recovered and probed when its back-off is over
  kProbation,    // being recovered and probed
  kHeld          // quarantined by an operator until released
};

// "ready", "quarantined", "probation" or "held".
constexpr std::string_view DeviceStateName(DeviceState state) {
  switch (state) {
    case DeviceState::kReady:
      return "ready";
    case DeviceState::kQuarantined:
      return "quarantined";
    case DeviceState::kProbation:
      return "probation";
    case DeviceState::kHeld:
      break;
  }
  return "held";
}

struct DeviceStatus {
  DeviceCaps caps;
  DeviceState state = DeviceState::kReady;
  std::string reason;  // why it is not ready; else of its last failure
  absl::Time since;    // in this state
  absl::Time next_attempt = absl::InfiniteFuture();  // of a quarantined device
  int in_flight = 0;
  int64_t batches = 0;  // that succeeded
  int64_t tokens = 0;
  int64_t failures = 0;
  int64_t audits = 0;            // batches of it that an audit has decided about
  int64_t audit_mismatches = 0;  // that it got wrong
  absl::Duration busy;           // time with a batch in flight
  DeviceTelemetry telemetry;
};

}  // namespace sta

#endif  // ACCEL_DEVICE_POOL_DEVICE_STATUS_H_
