// SPDX-License-Identifier: Apache-2.0
#include "accel/device_pool/device_health.h"

#include <algorithm>

namespace sta {

void HealthTracker::Enter(DeviceState state, absl::Time now) {
  state_ = state;
  since_ = now;
  next_attempt_ = absl::InfiniteFuture();
  attempt_begun_ = false;
}

void HealthTracker::Quarantine(std::string_view reason, absl::Time now) {
  Enter(DeviceState::kQuarantined, now);
  reason_ = reason;
  next_attempt_ = now + next_backoff_;
  next_backoff_ = std::min(2 * next_backoff_, backoff_.longest);
}

bool HealthTracker::RunFailed(std::string_view reason, absl::Time now) {
  ++failures_;
  if (state_ != DeviceState::kReady) return false;
  if (now - since_ >= backoff_.longest) next_backoff_ = backoff_.first;
  Quarantine(reason, now);
  return true;
}

bool HealthTracker::BeginAttempt(absl::Time now) {
  if (state_ == DeviceState::kQuarantined && now >= next_attempt_) {
    Enter(DeviceState::kProbation, now);
  }
  if (state_ != DeviceState::kProbation || attempt_begun_) return false;
  attempt_begun_ = true;
  return true;
}

bool HealthTracker::AttemptFailed(std::string_view reason, absl::Time now) {
  if (state_ != DeviceState::kProbation) return false;
  ++failures_;
  Quarantine(reason, now);
  return true;
}

bool HealthTracker::AttemptSucceeded(absl::Time now) {
  if (state_ != DeviceState::kProbation) return false;
  Enter(DeviceState::kReady, now);
  return true;
}

bool HealthTracker::Hold(std::string_view reason, absl::Time now) {
  if (state_ == DeviceState::kHeld) return false;
  Enter(DeviceState::kHeld, now);
  reason_ = reason;
  return true;
}

bool HealthTracker::Release(absl::Time now) {
  if (state_ != DeviceState::kHeld && state_ != DeviceState::kQuarantined) return false;
  Enter(DeviceState::kProbation, now);
  next_backoff_ = backoff_.first;
  return true;
}

}  // namespace sta
