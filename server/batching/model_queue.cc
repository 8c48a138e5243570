// SPDX-License-Identifier: Apache-2.0
#include "server/batching/model_queue.h"

#include <algorithm>

namespace sta {

void ModelQueue::Add(std::shared_ptr<JobState> state) {
  tokens_ += state->TokensFrom(0);
  const Order order(state->job.deadline, arrivals_++);
  waiting_.emplace(order, std::move(state));
}

std::vector<ModelQueue::Removed> ModelQueue::RemoveDead(absl::Time now) {
  std::vector<Removed> dead;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    JobState& state = *it->second;
    if (state.is_cancelled()) {
      state.status.Update(absl::CancelledError("the client has gone"));
    } else if (state.job.deadline <= now) {
      state.status.Update(absl::DeadlineExceededError("the deadline passed in the queue"));
    }
    if (state.status.ok()) {
      ++it;
      continue;
    }
    dead.push_back(Remove(std::move(it->second)));
    it = waiting_.erase(it);
  }
  return dead;
}

std::vector<ModelQueue::Removed> ModelQueue::RemoveAll(const absl::Status& status) {
  std::vector<Removed> all;
  for (auto& [order, state] : waiting_) {
    state->status.Update(status);
    all.push_back(Remove(std::move(state)));
  }
  waiting_.clear();
  return all;
}

ModelQueue::Removed ModelQueue::Remove(std::shared_ptr<JobState> state) {
  const int64_t waiting_tokens = state->TokensFrom(state->next_sequence);
  tokens_ -= waiting_tokens;
  state->next_sequence = state->job.sequences.size();  // nothing of it will be dispatched any more
  return {.state = std::move(state), .tokens = waiting_tokens};
}

absl::Time ModelQueue::ReadyAt(int64_t budget_tokens, absl::Duration delay) const {
  if (tokens_ >= budget_tokens || delay <= absl::ZeroDuration()) return absl::InfinitePast();
  const auto oldest = std::ranges::min_element(
      waiting_, {}, [](const auto& entry) { return entry.second->submitted; });
  return oldest->second->submitted + delay;
}

std::vector<int32_t> ModelQueue::Preview(int64_t budget_tokens) const {
  std::vector<int32_t> offsets = {0};
  for (const auto& [order, state] : waiting_) {
    for (size_t i = state->next_sequence; i < state->job.sequences.size(); ++i) {
      const int64_t end = offsets.back() + std::ssize(state->job.sequences[i].ids);
      if (offsets.size() > 1 && end > budget_tokens) return offsets;
      offsets.push_back(static_cast<int32_t>(end));
    }
  }
  return offsets;
}

Batch ModelQueue::TakeBatch(int64_t budget_tokens, absl::Time now) {
  Batch batch = {.model = model_};
  bool is_full = false;
  while (!waiting_.empty() && !is_full) {
    const std::shared_ptr<JobState> state = waiting_.begin()->second;
    JobPiece piece = {.state = state, .first = state->next_sequence, .last = state->next_sequence};
    while (piece.last < state->job.sequences.size()) {
      const auto length = std::ssize(state->job.sequences[piece.last].ids);
      is_full = batch.sequences > 0 && batch.tokens + length > budget_tokens;
      if (is_full) break;
      batch.tokens += length;
      ++batch.sequences;
      ++piece.last;
    }
    if (piece.last == piece.first) break;  // full before anything of this job fitted
    if (piece.first == 0) state->result.queue_time = now - state->submitted;
    state->next_sequence = piece.last;
    ++state->batches_in_flight;
    batch.pieces.push_back(std::move(piece));
    if (state->all_dispatched()) waiting_.erase(waiting_.begin());
  }
  tokens_ -= batch.tokens;
  return batch;
}

}  // namespace sta
