// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "server/batching/batcher_core.h"
#include "strings/str_cat.h"

namespace sta {

void BatcherCore::Deliver(Finished finished) {
  if (finished.empty()) return;
  {
    const absl::MutexLock lock(&mutex_);
    if (!queues_.empty()) {
      completions_.push_back(std::move(finished));
      thread_changed_.Signal();
      return;
    }
  }
  Answer(std::move(finished));
}

void BatcherCore::Answer(Finished finished) {
  if (finished.empty()) return;
  for (const std::shared_ptr<JobState>& state : finished) {
    if (state->status.ok()) {
      state->job.done(std::move(state->result));
    } else {
      state->job.done(state->status);
    }
  }
  const absl::MutexLock lock(&mutex_);
  unanswered_ -= std::ssize(finished);
  if (unanswered_ == 0) idle_changed_.SignalAll();
}

void BatcherCore::Remove(std::vector<RemovedJob> removed) {
  if (removed.empty()) return;
  const absl::Time now = clock_.Now();
  // Those with batches in flight are answered when these come back.
  Finished finished;
  for (RemovedJob& job : removed) {
    const std::optional<RejectReason> reason = job.state->reason;
    // What was refused is still asked for.
    if (reason != RejectReason::kOverloaded && reason != RejectReason::kDisplaced) {
      admission_.OnOver(job.tokens, now);
    }
    if (job.state->batches_in_flight == 0) finished.push_back(job.state);
    removed_.push_back(std::move(job));
  }
  completions_.push_back(std::move(finished));
  thread_changed_.Signal();
}

void BatcherCore::ReportRemoved(const RemovedJob& removed) {
  // It does not change any more: it may be read without the lock.
  const JobState& state = *removed.state;
  observer_.OnQueueChange(*state.job.model, -1, -removed.tokens);
  if (state.reason.has_value()) observer_.OnRejected(*state.job.model, *state.reason);
}

absl::Time BatcherCore::NextEvent(absl::Time now) const {
  if (queues_.empty()) return absl::InfiniteFuture();
  return std::min(queues_.NextEvent(now), last_progress_ + options_.max_outage);
}

void BatcherCore::WakeBefore(absl::Time event) {
  if (event < thread_wakes_at_) thread_changed_.Signal();
}

void BatcherCore::WatchTime(absl::Time now) {
  Remove(queues_.RemoveDead(now));
  PumpLocked();
  if (queues_.empty() || now < last_progress_ + options_.max_outage) return;
  last_progress_ = now;
  const std::vector<DeviceStatus> devices = pool_->Devices();
  const bool none_ready = std::ranges::none_of(
      devices, [](const DeviceStatus& device) { return device.state == DeviceState::kReady; });
  if (none_ready) {
    Remove(queues_.RemoveAll(absl::UnavailableError(
        StrCat("no device is ready; '", devices[0].caps.name, "': ", devices[0].reason))));
  }
}

void BatcherCore::ThreadLoop() {
  while (true) {
    Finished finished;
    std::vector<RemovedJob> removed;
    {
      const absl::MutexLock lock(&mutex_);
      WatchTime(clock_.Now());
      while (completions_.empty() && !stopping_) {
        thread_wakes_at_ = NextEvent(clock_.Now());
        clock_.Wait(thread_changed_, mutex_, thread_wakes_at_);
        thread_wakes_at_ = absl::InfinitePast();
        WatchTime(clock_.Now());
      }
      if (completions_.empty()) return;
      finished = std::move(completions_.front());
      completions_.pop_front();
      removed.swap(removed_);
    }
    for (const RemovedJob& job : removed) ReportRemoved(job);
    Answer(std::move(finished));
  }
}

}  // namespace sta
