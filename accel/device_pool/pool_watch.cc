// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "accel/device_pool/pool_core.h"

namespace sta {

void PoolCore::LookBefore(absl::Time time) {
  if (time >= next_look_) return;
  next_look_ = time;
  watch_changed_.Signal();
}

void PoolCore::LookWhenLate(size_t device) {
  // Whoever waits for a device that is not in service waits in vain.
  LookBefore(workers_[device]->health().ready() ? workers_[device]->NextLook(clock_.Now())
                                                : absl::InfinitePast());
}

void PoolCore::MoveWaiting() {
  std::vector<std::vector<std::unique_ptr<PoolJob>>> refused(workers_.size());
  {
    const absl::MutexLock lock(&mutex_);
    const absl::Time now = clock_.Now();
    for (size_t i = 0; i < workers_.size(); ++i) {
      DeviceWorker& worker = *workers_[i];
      if (!worker.has_waiting()) continue;
      if (!worker.health().ready()) {
        refused[i] = worker.TakeWaiting();
      } else if (worker.IsLate(now)) {
        for (std::unique_ptr<PoolJob>& job : worker.TakeWaiting()) {
          const size_t next = NextDevice(*job).value_or(i);
          Enqueue(next, std::move(job), /*first=*/false);
        }
      } else {
        LookWhenLate(i);
      }
    }
  }
  for (size_t i = 0; i < refused.size(); ++i) {
    if (!refused[i].empty()) OnRefused(i, std::move(refused[i]));
  }
}

void PoolCore::Watch() {
  while (true) {
    {
      const absl::MutexLock lock(&mutex_);
      while (!is_closing_ && clock_.Now() < next_look_) {
        clock_.Wait(watch_changed_, mutex_, next_look_);
      }
      if (is_closing_) return;
      next_look_ = absl::InfiniteFuture();
    }
    MoveWaiting();
    NotifyRoom();
  }
}

}  // namespace sta
