// SPDX-License-Identifier: Apache-2.0
#include "server/services/stream_timer.h"

#include <algorithm>
#include <utility>

namespace sta {

StreamTimer::~StreamTimer() {
  {
    const absl::MutexLock lock(&mutex_);
    ending_ = true;
    changed_.SignalAll();
  }
  thread_.join();
}

void StreamTimer::Set(const std::shared_ptr<Stream>& stream, absl::Time time) {
  const absl::MutexLock lock(&mutex_);
  times_[stream] = time;
  if (time < sleeps_until_) changed_.SignalAll();
}

void StreamTimer::Clear(const std::shared_ptr<Stream>& stream) {
  const absl::MutexLock lock(&mutex_);
  times_.erase(stream);
}

void StreamTimer::Loop() {
  for (Streams due = AwaitDue(); !due.empty(); due = AwaitDue()) {
    for (const std::shared_ptr<Stream>& stream : due) stream->TimeIsOver();
  }
}

StreamTimer::Streams StreamTimer::AwaitDue() {
  const absl::MutexLock lock(&mutex_);
  Streams due;
  while (!ending_ && due.empty()) {
    const absl::Time now = clock_.Now();
    sleeps_until_ = absl::InfiniteFuture();
    for (const auto& [stream, time] : times_) {
      if (time <= now) {
        due.push_back(stream);
      } else {
        sleeps_until_ = std::min(sleeps_until_, time);
      }
    }
    for (const std::shared_ptr<Stream>& stream : due) times_.erase(stream);
    if (due.empty()) clock_.Wait(changed_, mutex_, sleeps_until_);
  }
  if (ending_) due.clear();
  return due;
}

}  // namespace sta
