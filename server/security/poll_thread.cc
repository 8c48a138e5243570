// SPDX-License-Identifier: Apache-2.0
#include "server/security/poll_thread.h"

#include <algorithm>
#include <utility>

namespace sta {

PollThread::PollThread(Clock& clock, absl::Duration interval, std::function<void()> work)
    : clock_(clock), interval_(interval), work_(std::move(work)), thread_([this] { Loop(); }) {}

PollThread::~PollThread() {
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
    changed_.SignalAll();
  }
  thread_.join();
}

void PollThread::Loop() {
  while (WaitUntil(clock_.Now() + interval_)) work_();
}

bool PollThread::WaitUntil(absl::Time time) {
  const absl::MutexLock lock(&mutex_);
  while (!stopped_) {
    const absl::Time now = clock_.Now();
    if (now >= time) return true;
    time = std::min(time, now + interval_);  // a clock that was set back
    clock_.Wait(changed_, mutex_, time);
  }
  return false;
}

}  // namespace sta
