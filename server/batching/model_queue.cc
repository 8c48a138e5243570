// SPDX-License-Identifier: Apache-2.0
#include "server/batching/model_queue.h"

#include <algorithm>

namespace sta {

int64_t ModelQueue::requests() const {
  int64_t sum = 0;
  for (const auto& [priority, lines] : levels_) sum += lines.requests();
  return sum;
}

int64_t ModelQueue::tokens() const {
  int64_t sum = 0;
  for (const auto& [priority, lines] : levels_) sum += lines.tokens();
  return sum;
}

void ModelQueue::Add(std::shared_ptr<JobState> state) {
  state->arrival = arrivals_++;
  ClientLines& lines = levels_[state->job.priority];
  lines.Add(std::move(state));
}

RemovedJob ModelQueue::Remove(const std::shared_ptr<JobState>& state) {
  const auto level = levels_.find(state->job.priority);
  RemovedJob removed = level->second.Remove(state);
  if (level->second.empty()) levels_.erase(level);
  return removed;
}

std::vector<RemovedJob> ModelQueue::RemoveDead(absl::Time now) {
  std::vector<std::shared_ptr<JobState>> dead;
  for (const auto& [priority, lines] : levels_) {
    for (const auto& [arrival, state] : lines.by_arrival()) {
      if (!state->status.ok()) {
        // A batch of it has failed.
      } else if (state->is_cancelled()) {
        state->status = absl::CancelledError("the client has gone");
        state->reason = RejectReason::kCancelled;
      } else if (state->job.deadline <= now) {
        state->status = absl::DeadlineExceededError("the deadline passed in the queue");
        state->reason = RejectReason::kExpired;
      } else {
        continue;
      }
      dead.push_back(state);
    }
  }
  std::vector<RemovedJob> removed;
  removed.reserve(dead.size());
  for (const std::shared_ptr<JobState>& state : dead) removed.push_back(Remove(state));
  return removed;
}

std::vector<RemovedJob> ModelQueue::RemoveOlder(absl::Time oldest, const absl::Status& status) {
  std::vector<std::shared_ptr<JobState>> older;
  for (const auto& [priority, lines] : levels_) {
    for (const auto& [arrival, state] : lines.by_arrival()) {
      if (state->submitted >= oldest) break;
      if (!state->has_begun()) older.push_back(state);
    }
  }
  return GiveUp(older, RejectReason::kOverloaded, status);
}

std::vector<RemovedJob> ModelQueue::RemoveAll(const absl::Status& status) {
  std::vector<RemovedJob> removed;
  while (!empty()) {
    const std::shared_ptr<JobState> state = levels_.begin()->second.by_arrival().begin()->second;
    state->status.Update(status);
    removed.push_back(Remove(state));
  }
  return removed;
}

std::vector<RemovedJob> ModelQueue::GiveUp(const std::vector<std::shared_ptr<JobState>>& states,
                                           RejectReason reason, const absl::Status& status) {
  std::vector<RemovedJob> removed;
  removed.reserve(states.size());
  for (const std::shared_ptr<JobState>& state : states) {
    state->status.Update(status);
    state->reason = reason;
    removed.push_back(Remove(state));
  }
  return removed;
}

std::optional<std::vector<std::shared_ptr<JobState>>> ModelQueue::FindVictims(
    const Newcomer& newcomer, Excess excess) const {
  std::vector<std::shared_ptr<JobState>> victims;
  auto level = levels_.rbegin();
  while (excess.any()) {
    if (level == levels_.rend() || level->first < newcomer.priority) return std::nullopt;
    const ClientLines& lines = level->second;
    const bool is_as_urgent = level->first == newcomer.priority;
    const int64_t fair_tokens =
        is_as_urgent ? lines.TokensOf(newcomer.client) + newcomer.tokens : -1;
    std::shared_ptr<JobState> victim = lines.Victim(fair_tokens, victims);
    if (victim == nullptr) {
      ++level;
      continue;
    }
    excess.tokens -= victim->waiting_tokens();
    --excess.requests;
    victims.push_back(std::move(victim));
  }
  return victims;
}

int64_t ModelQueue::TokensBefore(const Newcomer& newcomer) const {
  int64_t sum = 0;
  for (const auto& [priority, lines] : levels_) {
    if (priority > newcomer.priority) break;
    sum += priority < newcomer.priority ? lines.tokens()
                                        : lines.TokensBefore(newcomer.client, newcomer.deadline);
  }
  return sum;
}

absl::Time ModelQueue::earliest_deadline() const {
  absl::Time earliest = absl::InfiniteFuture();
  for (const auto& [priority, lines] : levels_) {
    earliest = std::min(earliest, lines.earliest_deadline());
  }
  return earliest;
}

absl::Time ModelQueue::ReadyAt(int64_t budget_tokens, absl::Duration delay) const {
  if (delay <= absl::ZeroDuration() || tokens() >= budget_tokens) return absl::InfinitePast();
  absl::Time oldest = absl::InfiniteFuture();
  for (const auto& [priority, lines] : levels_) {
    oldest = std::min(oldest, lines.by_arrival().begin()->second->submitted);
  }
  return oldest + delay;
}

std::vector<int32_t> ModelQueue::Preview(int64_t budget_tokens) const {
  std::vector<int32_t> offsets = {0};
  for (const auto& [priority, lines] : levels_) {
    for (const auto& [arrival, state] : lines.by_arrival()) {
      for (size_t i = state->next_sequence; i < state->job.sequences.size(); ++i) {
        const int64_t end = offsets.back() + std::ssize(state->job.sequences[i].ids);
        if (offsets.size() > 1 && end > budget_tokens) return offsets;
        offsets.push_back(static_cast<int32_t>(end));
      }
    }
  }
  return offsets;
}

void ModelQueue::TakeLessUrgent(BatchBuilder& builder, std::vector<RemovedJob>& hopeless) {
  if (levels_.size() < 2 || less_urgent_credit_tokens_ <= 0) return;
  const auto oldest =
      std::min_element(std::next(levels_.begin()), levels_.end(), [](const auto& a, const auto& b) {
        return a.second.by_arrival().begin()->first < b.second.by_arrival().begin()->first;
      });
  less_urgent_credit_tokens_ -=
      oldest->second.TakeOldestInto(builder, less_urgent_credit_tokens_, hopeless);
  if (oldest->second.empty()) levels_.erase(oldest);
}

Batch ModelQueue::TakeBatch(const BatchLimits& limits, std::vector<RemovedJob>& hopeless) {
  BatchBuilder builder(model_, limits);
  TakeLessUrgent(builder, hopeless);
  while (!levels_.empty() && !builder.is_full()) {
    ClientLines& lines = levels_.begin()->second;
    lines.TakeInto(builder, hopeless);
    if (lines.empty()) levels_.erase(levels_.begin());
  }
  if (levels_.size() > 1) {
    less_urgent_credit_tokens_ += std::max<int64_t>(1, builder.tokens() / kLessUrgentPart);
  } else {
    less_urgent_credit_tokens_ = 0;
  }
  return builder.Take();
}

}  // namespace sta
