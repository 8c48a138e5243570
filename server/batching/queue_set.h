// SPDX-License-Identifier: Apache-2.0
//
// QueueSet: the queues of all models, and which of them is next: deficit round robin over tokens.
// Internal to the batcher; not thread-safe: guarded by the batcher's mutex. Time comes in as an
// argument.
//
//   for (ModelQueue* queue : queues.Eligible(now)) ...   // in this order, the first that can run
//   Batch batch = queues.TakeBatch(*queue, {.budget_tokens = budget, .now = now, ...}, hopeless);
#ifndef SERVER_BATCHING_QUEUE_SET_H_
#define SERVER_BATCHING_QUEUE_SET_H_

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "server/batching/model_queue.h"

namespace sta {

class QueueSet {
 public:
  // Queues are served in turns of `turn_tokens`; they wait `delay` for as many to come together.
  QueueSet(int64_t turn_tokens, absl::Duration delay) : turn_tokens_(turn_tokens), delay_(delay) {}

  bool empty() const { return queues_.empty(); }
  int64_t tokens() const;  // of sequences that are in no batch yet
  int64_t requests() const;

  void Add(std::shared_ptr<JobState> state);
  // Null where nothing waits for `model`.
  ModelQueue* Find(const std::shared_ptr<const ServedModel>& model);
  const ModelQueue* Find(const std::shared_ptr<const ServedModel>& model) const;
  // Tokens, of all models, that will be taken before those of a newcomer for `model`, at the least.
  int64_t TokensBefore(const std::shared_ptr<const ServedModel>& model,
                       const Newcomer& newcomer) const;

  // The queues that may be served now, the next one first. Valid until the next call of anything
  // else.
  std::vector<ModelQueue*> Eligible(absl::Time now);
  // Tokens that an eligible queue may have in a batch.
  int64_t BudgetTokens(const ModelQueue& queue) const;
  // As ModelQueue::TakeBatch, from an eligible queue, which then goes to the back.
  Batch TakeBatch(ModelQueue& queue, const BatchLimits& limits, std::vector<RemovedJob>& hopeless);

  // As ModelQueue::RemoveDead, of all queues.
  std::vector<RemovedJob> RemoveDead(absl::Time now);
  // As ModelQueue::RemoveOlder, of all queues.
  std::vector<RemovedJob> RemoveOlder(absl::Time oldest, const absl::Status& status);
  // As ModelQueue::RemoveAll, of all queues.
  std::vector<RemovedJob> RemoveAll(const absl::Status& status);
  // As ModelQueue::Displace.
  std::vector<RemovedJob> Displace(ModelQueue& queue,
                                   const std::vector<std::shared_ptr<JobState>>& victims,
                                   const absl::Status& status);

  // When Eligible or RemoveDead, both called at `now`, would have something new to say, if nothing
  // is added: never, where no queue waits for its delay and no job has a deadline.
  absl::Time NextEvent(absl::Time now) const;

 private:
  void EraseEmpty() {
    queues_.remove_if([](const ModelQueue& queue) { return queue.empty(); });
  }

  const int64_t turn_tokens_;
  const absl::Duration delay_;
  std::list<ModelQueue> queues_;  // none empty; the front is next
};

}  // namespace sta

#endif  // SERVER_BATCHING_QUEUE_SET_H_
