// SPDX-License-Identifier: Apache-2.0
#include "server/batching/queue_set.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace sta {

int64_t QueueSet::tokens() const {
  int64_t sum = 0;
  for (const ModelQueue& queue : queues_) sum += queue.tokens();
  return sum;
}

int64_t QueueSet::requests() const {
  int64_t sum = 0;
  for (const ModelQueue& queue : queues_) sum += queue.requests();
  return sum;
}

ModelQueue* QueueSet::Find(const std::shared_ptr<const ServedModel>& model) {
  const auto found = std::ranges::find(queues_, model, &ModelQueue::model);
  return found != queues_.end() ? &*found : nullptr;
}

const ModelQueue* QueueSet::Find(const std::shared_ptr<const ServedModel>& model) const {
  const auto found = std::ranges::find(queues_, model, &ModelQueue::model);
  return found != queues_.end() ? &*found : nullptr;
}

int64_t QueueSet::TokensBefore(const std::shared_ptr<const ServedModel>& model,
                               const Newcomer& newcomer) const {
  const ModelQueue* own = Find(model);
  if (own == nullptr) return 0;
  const int64_t own_tokens = own->TokensBefore(newcomer);
  int64_t sum = 0;
  for (const ModelQueue& queue : queues_) {
    // Queues that are longer have as many turns meanwhile.
    sum += &queue == own ? own_tokens : std::min(queue.tokens(), own_tokens);
  }
  return sum;
}

void QueueSet::Add(std::shared_ptr<JobState> state) {
  auto found = std::ranges::find(queues_, state->job.model, &ModelQueue::model);
  if (found == queues_.end()) found = queues_.emplace(queues_.end(), state->job.model);
  found->Add(std::move(state));
}

std::vector<ModelQueue*> QueueSet::Eligible(absl::Time now) {
  std::vector<ModelQueue*> ready;
  int64_t rounds = INT64_MAX;  // until one of them has credit
  for (ModelQueue& queue : queues_) {
    if (queue.ReadyAt(turn_tokens_, delay_) > now) continue;
    ready.push_back(&queue);
    const int64_t debt = std::max<int64_t>(0, 1 - queue.deficit_tokens);
    rounds = std::min(rounds, (debt + turn_tokens_ - 1) / turn_tokens_);
  }
  // Every round gives a turn's tokens to each queue, and what a queue takes is subtracted. One that
  // has taken a sequence beyond its credit pays for it in the rounds that follow.
  for (ModelQueue* queue : ready) {
    queue->deficit_tokens =
        std::min(queue->deficit_tokens + rounds * turn_tokens_, 2 * turn_tokens_);
  }
  std::erase_if(ready, [](const ModelQueue* queue) { return queue->deficit_tokens <= 0; });
  return ready;
}

int64_t QueueSet::BudgetTokens(const ModelQueue& queue) const {
  return std::min(queue.deficit_tokens, turn_tokens_);
}

Batch QueueSet::TakeBatch(ModelQueue& queue, const BatchLimits& limits,
                          std::vector<RemovedJob>& hopeless) {
  Batch batch = queue.TakeBatch(limits, hopeless);
  queue.deficit_tokens -= batch.tokens;
  const auto position = std::ranges::find_if(
      queues_, [&](const ModelQueue& candidate) { return &candidate == &queue; });
  queues_.splice(queues_.end(), queues_, position);
  if (queue.empty()) queues_.pop_back();
  return batch;
}

std::vector<RemovedJob> QueueSet::Displace(ModelQueue& queue,
                                           const std::vector<std::shared_ptr<JobState>>& victims,
                                           const absl::Status& status) {
  std::vector<RemovedJob> removed = queue.Displace(victims, status);
  EraseEmpty();
  return removed;
}

std::vector<RemovedJob> QueueSet::RemoveDead(absl::Time now) {
  std::vector<RemovedJob> removed;
  for (ModelQueue& queue : queues_) {
    std::ranges::move(queue.RemoveDead(now), std::back_inserter(removed));
  }
  EraseEmpty();
  return removed;
}

std::vector<RemovedJob> QueueSet::RemoveOlder(absl::Time oldest, const absl::Status& status) {
  std::vector<RemovedJob> removed;
  for (ModelQueue& queue : queues_) {
    std::ranges::move(queue.RemoveOlder(oldest, status), std::back_inserter(removed));
  }
  EraseEmpty();
  return removed;
}

std::vector<RemovedJob> QueueSet::RemoveAll(const absl::Status& status) {
  std::vector<RemovedJob> removed;
  for (ModelQueue& queue : queues_) {
    std::ranges::move(queue.RemoveAll(status), std::back_inserter(removed));
  }
  EraseEmpty();
  return removed;
}

absl::Time QueueSet::NextEvent(absl::Time now) const {
  absl::Time next = absl::InfiniteFuture();
  for (const ModelQueue& queue : queues_) {
    next = std::min(next, queue.earliest_deadline());
    // A queue that is ready waits for a device, not for time.
    const absl::Time ready = queue.ReadyAt(turn_tokens_, delay_);
    if (ready > now) next = std::min(next, ready);
  }
  return next;
}

}  // namespace sta
