// SPDX-License-Identifier: Apache-2.0
//
// Clock: what time it is, and waiting for it, so that tests decide when time passes
// (tests/support/fake_clock.h). Thread-safe.
#ifndef ACCEL_DEVICE_POOL_CLOCK_H_
#define ACCEL_DEVICE_POOL_CLOCK_H_

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sta {

class Clock {
 public:
  virtual ~Clock() = default;

  virtual absl::Time Now() = 0;
  // Waits on `changed`, with `mutex` held, until it is signalled or `until` has come; may return
  // early.
  virtual void Wait(absl::CondVar& changed, absl::Mutex& mutex, absl::Time until) = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() override { return absl::Now(); }
  void Wait(absl::CondVar& changed, absl::Mutex& mutex, absl::Time until) override {
    changed.WaitWithDeadline(&mutex, until);
  }
};

}  // namespace sta

#endif  // ACCEL_DEVICE_POOL_CLOCK_H_
