// SPDX-License-Identifier: Apache-2.0
#include "server/batching/client_lines.h"

#include <algorithm>

namespace sta {

int64_t ClientLines::TokensOf(const std::string& client) const {
  const auto found = by_client_.find(client);
  return found != by_client_.end() ? found->second->tokens : 0;
}

absl::Time ClientLines::earliest_deadline() const {
  absl::Time earliest = absl::InfiniteFuture();
  for (const Line& line : lines_) earliest = std::min(earliest, line.jobs.begin()->first.first);
  return earliest;
}

void ClientLines::Add(std::shared_ptr<JobState> state) {
  const std::string& client = state->job.client;
  auto found = by_client_.find(client);
  if (found == by_client_.end()) {
    lines_.push_back({.client = client});
    found = by_client_.emplace(client, std::prev(lines_.end())).first;
  }
  const int64_t tokens = state->waiting_tokens();
  found->second->tokens += tokens;
  tokens_ += tokens;
  by_arrival_.emplace(state->arrival, state);
  const Order order = OrderOf(*state);
  found->second->jobs.emplace(order, std::move(state));
}

void ClientLines::Forget(Line& line, const JobState& state) {
  by_arrival_.erase(state.arrival);
  line.jobs.erase(OrderOf(state));
}

void ClientLines::DropIfEmpty(Lines::iterator line) {
  if (!line->jobs.empty()) return;
  by_client_.erase(line->client);
  lines_.erase(line);
}

RemovedJob ClientLines::RemoveFrom(Line& line, std::shared_ptr<JobState> state) {
  const int64_t tokens = state->waiting_tokens();
  line.tokens -= tokens;
  tokens_ -= tokens;
  Forget(line, *state);
  state->next_sequence = state->job.sequences.size();
  return {.state = std::move(state), .tokens = tokens};
}

RemovedJob ClientLines::Remove(std::shared_ptr<JobState> state) {
  const Lines::iterator line = by_client_.at(state->job.client);
  RemovedJob removed = RemoveFrom(*line, std::move(state));
  DropIfEmpty(line);
  return removed;
}

BatchBuilder::Outcome ClientLines::TakeSequence(Line& line, const std::shared_ptr<JobState>& state,
                                                BatchBuilder& builder,
                                                std::vector<RemovedJob>& hopeless) {
  const int64_t before = builder.tokens();
  const BatchBuilder::Outcome outcome = builder.Add(state);
  if (outcome == BatchBuilder::kHopeless) {
    state->status.Update(absl::DeadlineExceededError("the deadline is nearer than the answer"));
    state->reason = RejectReason::kTooLate;
    hopeless.push_back(RemoveFrom(line, state));
  } else if (outcome == BatchBuilder::kTaken) {
    const int64_t taken = builder.tokens() - before;
    line.tokens -= taken;
    tokens_ -= taken;
    if (state->all_dispatched()) Forget(line, *state);
  }
  return outcome;
}

void ClientLines::ServeLine(Line& line, BatchBuilder& builder, std::vector<RemovedJob>& hopeless) {
  while (line.credit_tokens > 0 && !line.jobs.empty()) {
    const std::shared_ptr<JobState> state = line.jobs.begin()->second;
    const int64_t before = builder.tokens();
    if (TakeSequence(line, state, builder, hopeless) == BatchBuilder::kFull) return;
    line.credit_tokens -= builder.tokens() - before;
  }
}

void ClientLines::TakeInto(BatchBuilder& builder, std::vector<RemovedJob>& hopeless) {
  while (!lines_.empty() && !builder.is_full()) {
    const auto line = lines_.begin();
    if (line->credit_tokens <= 0) line->credit_tokens += kTurnTokens;
    ServeLine(*line, builder, hopeless);
    // One whose turn a full batch has cut short goes on with the next batch.
    if (line->credit_tokens <= 0) lines_.splice(lines_.end(), lines_, line);
    DropIfEmpty(line);
  }
}

int64_t ClientLines::TakeOldestInto(BatchBuilder& builder, int64_t most_tokens,
                                    std::vector<RemovedJob>& hopeless) {
  const std::shared_ptr<JobState> state = by_arrival_.begin()->second;
  const Lines::iterator line = by_client_.at(state->job.client);
  const int64_t before = builder.tokens();
  while (!state->all_dispatched() && builder.tokens() - before < most_tokens &&
         TakeSequence(*line, state, builder, hopeless) == BatchBuilder::kTaken) {
  }
  DropIfEmpty(line);
  return builder.tokens() - before;
}

int64_t ClientLines::TokensBefore(const std::string& client, absl::Time deadline) const {
  const auto own = by_client_.find(client);
  if (own == by_client_.end()) return 0;
  int64_t own_tokens = 0;
  for (const auto& [order, state] : own->second->jobs) {
    if (order.first > deadline) break;
    own_tokens += state->waiting_tokens();
  }
  int64_t sum = 0;
  for (const Line& line : lines_) {
    // Lines that are longer have as many turns meanwhile.
    sum += std::min(line.tokens, own_tokens);
  }
  return sum;
}

std::shared_ptr<JobState> ClientLines::Victim(
    int64_t fair_tokens, std::span<const std::shared_ptr<JobState>> chosen) const {
  const Line* longest = nullptr;
  int64_t most = fair_tokens;
  for (const Line& line : lines_) {
    int64_t tokens = line.tokens;
    for (const std::shared_ptr<JobState>& state : chosen) {
      if (by_arrival_.contains(state->arrival) && state->job.client == line.client) {
        tokens -= state->waiting_tokens();
      }
    }
    if (tokens <= most) continue;
    most = tokens;
    longest = &line;
  }
  if (longest == nullptr) return nullptr;
  for (auto job = longest->jobs.rbegin(); job != longest->jobs.rend(); ++job) {
    const bool is_chosen = std::ranges::find(chosen, job->second) != chosen.end();
    if (!is_chosen && !job->second->has_begun()) return job->second;
  }
  return nullptr;
}

}  // namespace sta
