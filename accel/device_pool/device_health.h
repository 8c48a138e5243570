// SPDX-License-Identifier: Apache-2.0
//
// HealthTracker: whether a device is in service, and when one that failed is tried again.
//
//            RunFailed                    attempt due
//     ready ──────────► quarantined ◄──────────────────► probation ──► ready
//       │                    │           AttemptFailed       ▲   AttemptSucceeded
//       └────────┬───────────┴───────────────────────────────┤
//                ▼ Hold                                      │ Release
//              held ─────────────────────────────────────────┘
//
// The back-off doubles with every failed attempt, and with a failure of a device that has not been
// ready for as long as the longest back-off: one that answers the probe and fails at work again and
// again is tried ever less often.
// A pure state machine: time comes in. Not thread-safe.
#ifndef ACCEL_DEVICE_POOL_DEVICE_HEALTH_H_
#define ACCEL_DEVICE_POOL_DEVICE_HEALTH_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "accel/device_pool/device_status.h"

namespace sta {

class HealthTracker {
 public:
  struct Backoff {
    absl::Duration first;
    absl::Duration longest;
  };

  HealthTracker(const Backoff& backoff, absl::Time now)
      : backoff_(backoff), next_backoff_(backoff.first), since_(now) {}

  DeviceState state() const { return state_; }
  bool ready() const { return state_ == DeviceState::kReady; }
  // Why it is not ready; else of its last failure.
  const std::string& reason() const { return reason_; }
  absl::Time since() const { return since_; }
  int64_t failures() const { return failures_; }  // of runs and of attempts
  // Infinite unless it is quarantined.
  absl::Time next_attempt() const { return next_attempt_; }

  // The transitions return whether the state has changed; where they do not fit it, it has not.

  // A device that is ready has failed.
  bool RunFailed(std::string_view reason, absl::Time now);
  // True once for every attempt to bring the device back.
  bool BeginAttempt(absl::Time now);
  bool AttemptFailed(std::string_view reason, absl::Time now);
  bool AttemptSucceeded(absl::Time now);
  // By an operator.
  bool Hold(std::string_view reason, absl::Time now);
  bool Release(absl::Time now);

 private:
  void Enter(DeviceState state, absl::Time now);
  void Quarantine(std::string_view reason, absl::Time now);

  Backoff backoff_;
  absl::Duration next_backoff_;
  DeviceState state_ = DeviceState::kReady;
  bool attempt_begun_ = false;  // of this probation
  int64_t failures_ = 0;
  std::string reason_;
  absl::Time since_;
  absl::Time next_attempt_ = absl::InfiniteFuture();
};

}  // namespace sta

#endif  // ACCEL_DEVICE_POOL_DEVICE_HEALTH_H_
