// SPDX-License-Identifier: Apache-2.0
//
// FakeClock: time moves only when a test says so.
//
//   FakeClock clock;
//   clock.Advance(absl::Seconds(1));       // wakes who waits for a time that has come
//
// Thread-safe.
#ifndef TESTS_SUPPORT_FAKE_CLOCK_H_
#define TESTS_SUPPORT_FAKE_CLOCK_H_

#include <algorithm>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"

namespace sta {

class FakeClock final : public Clock {
 public:
  absl::Time Now() override {
    const absl::MutexLock lock(&mutex_);
    return now_;
  }

  // Waits for a signal; a step of the clock to `until` signals, too.
  void Wait(absl::CondVar& changed, absl::Mutex& mutex, absl::Time until) override {
    {
      const absl::MutexLock lock(&mutex_);
      if (now_ >= until) return;
      Waiters& waiters = waiting_[&changed];
      ++waiters.count;
      waiters.mutex = &mutex;
      waiters.first = std::min(waiters.first, until);
    }
    changed.Wait(&mutex);
    const absl::MutexLock lock(&mutex_);
    if (--waiting_[&changed].count == 0) waiting_.erase(&changed);
  }

  void Advance(absl::Duration step) {
    std::map<absl::CondVar*, Waiters> waiting;
    {
      const absl::MutexLock lock(&mutex_);
      now_ += step;
      waiting = waiting_;
      std::erase_if(waiting, [this](const auto& entry) {
        mutex_.AssertHeld();
        return entry.second.first > now_;
      });
    }
    for (auto& [changed, waiters] : waiting) {
      // Whoever registered holds its mutex until it waits: taking it here loses no signal.
      const absl::MutexLock lock(waiters.mutex);
      changed->SignalAll();
    }
  }

 private:
  struct Waiters {
    int count = 0;
    absl::Mutex* mutex = nullptr;
    absl::Time first = absl::InfiniteFuture();  // that one of them waits for
  };

  absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = absl::FromUnixSeconds(1'000'000);
  std::map<absl::CondVar*, Waiters> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // TESTS_SUPPORT_FAKE_CLOCK_H_
