// SPDX-License-Identifier: Apache-2.0
#include "server/batching/batch_builder.h"

#include <algorithm>

namespace sta {

bool BatchBuilder::IsHopeless(const JobState& state) const {
  // What has begun is finished: most of its work may be done.
  if (state.has_begun() || state.job.deadline == absl::InfiniteFuture()) return false;
  const absl::Duration alone = EndWith(state.waiting_tokens()) - limits_.now;
  return limits_.now + kSurePart * alone > state.job.deadline;
}

JobPiece& BatchBuilder::PieceOf(const std::shared_ptr<JobState>& state) {
  const auto [found, is_new] = pieces_.try_emplace(state.get(), batch_.pieces.size());
  if (is_new) {
    batch_.pieces.push_back(
        {.state = state, .first = state->next_sequence, .last = state->next_sequence});
    ++state->batches_in_flight;
    if (!state->has_begun()) state->result.queue_time = limits_.now - state->submitted;
  }
  return batch_.pieces[found->second];
}

BatchBuilder::Outcome BatchBuilder::Add(const std::shared_ptr<JobState>& state) {
  if (IsHopeless(*state)) return kHopeless;
  const int64_t tokens = batch_.tokens + std::ssize(state->job.sequences[state->next_sequence].ids);
  const bool makes_late =
      EndWith(batch_.tokens) <= earliest_deadline_ && EndWith(tokens) > earliest_deadline_;
  is_full_ = batch_.sequences > 0 && (tokens > limits_.budget_tokens || makes_late);
  if (is_full_) return kFull;
  JobPiece& piece = PieceOf(state);
  piece.last = ++state->next_sequence;
  batch_.tokens = tokens;
  ++batch_.sequences;
  earliest_deadline_ = std::min(earliest_deadline_, state->job.deadline);
  return kTaken;
}

}  // namespace sta
