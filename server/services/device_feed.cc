// SPDX-License-Identifier: Apache-2.0
#include "server/services/device_feed.h"

#include <algorithm>
#include <vector>

namespace sta {

DeviceFeed::DeviceFeed(DevicePool& pool, Clock& clock)
    : pool_(pool), clock_(clock), thread_([this] { Loop(); }) {}

DeviceFeed::~DeviceFeed() {
  Close();
  thread_.join();
}

void DeviceFeed::Add(const std::shared_ptr<Watcher>& watcher, absl::Duration interval) {
  bool closed = false;
  {
    const absl::MutexLock lock(&mutex_);
    closed = closed_;
    if (!closed) watchers_[watcher] = {.interval = interval, .due = clock_.Now() + interval};
  }
  if (closed) {
    watcher->Closed();
  } else {
    pool_.WakeWaiters();  // the thread may have to look earlier than it meant to
  }
}

void DeviceFeed::Remove(const std::shared_ptr<Watcher>& watcher) {
  const absl::MutexLock lock(&mutex_);
  watchers_.erase(watcher);
}

void DeviceFeed::Close() {
  Watchers watchers;
  {
    const absl::MutexLock lock(&mutex_);
    closed_ = true;
    watchers.swap(watchers_);
  }
  pool_.WakeWaiters();
  for (const auto& [watcher, timer] : watchers) watcher->Closed();
}

void DeviceFeed::Loop() {
  uint64_t seen = 0;
  while (const std::optional<absl::Time> due = NextDue()) {
    const uint64_t now_seen = pool_.WaitForChange(seen, *due);
    Tell(now_seen != seen);
    seen = now_seen;
  }
}

std::optional<absl::Time> DeviceFeed::NextDue() const {
  const absl::MutexLock lock(&mutex_);
  if (closed_) return std::nullopt;
  absl::Time due = absl::InfiniteFuture();
  for (const auto& [watcher, timer] : watchers_) due = std::min(due, timer.due);
  return due;
}

void DeviceFeed::Tell(bool changed) {
  std::vector<std::shared_ptr<Watcher>> to_tell;
  std::vector<std::shared_ptr<Watcher>> are_due;
  {
    const absl::MutexLock lock(&mutex_);
    const absl::Time now = clock_.Now();
    for (auto& [watcher, timer] : watchers_) {
      if (changed) to_tell.push_back(watcher);
      if (timer.due > now) continue;
      timer.due = now + timer.interval;
      are_due.push_back(watcher);
    }
  }
  for (const std::shared_ptr<Watcher>& watcher : to_tell) watcher->Changed();
  for (const std::shared_ptr<Watcher>& watcher : are_due) watcher->Due();
}

}  // namespace sta
