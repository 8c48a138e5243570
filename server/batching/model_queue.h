// SPDX-License-Identifier: Apache-2.0
//
// ModelQueue: the jobs that wait for one model version, earliest deadline first (first come, first
// served among equals). Internal to the batcher; not thread-safe: guarded by the batcher's mutex.
// Time comes in as an argument, so that its decisions are a function of its content and the time.
#ifndef SERVER_BATCHING_MODEL_QUEUE_H_
#define SERVER_BATCHING_MODEL_QUEUE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/batching/job_state.h"

namespace sta {

class ModelQueue {
 public:
  explicit ModelQueue(std::shared_ptr<const ServedModel> model) : model_(std::move(model)) {}

  const std::shared_ptr<const ServedModel>& model() const { return model_; }
  bool empty() const { return waiting_.empty(); }
  int64_t requests() const { return std::ssize(waiting_); }
  int64_t tokens() const { return tokens_; }  // of sequences that are in no batch yet

  void Add(std::shared_ptr<JobState> state);

  struct Removed {
    std::shared_ptr<JobState> state;
    int64_t tokens = 0;  // that were still waiting
  };
  // Removes jobs that failed, were cancelled or are past their deadline, and sets their status.
  // Those with batches in flight are answered when these come back, the others by the caller.
  std::vector<Removed> RemoveDead(absl::Time now);
  // Removes all jobs, with `status`.
  std::vector<Removed> RemoveAll(const absl::Status& status);

  // Of the queue's jobs, which are at least one.
  absl::Time earliest_deadline() const { return waiting_.begin()->first.first; }

  // Lengths of the sequences that TakeBatch would take, as offsets.
  std::vector<int32_t> Preview(int64_t budget_tokens) const;

  // When the queue may be served: at once where `budget_tokens` are waiting, else `delay` after its
  // oldest job came. The queue is not empty.
  absl::Time ReadyAt(int64_t budget_tokens, absl::Duration delay) const;

  // Takes sequences in order until the next one would go beyond `budget_tokens`, at least one. The
  // queue is not empty.
  Batch TakeBatch(int64_t budget_tokens, absl::Time now);

  int64_t deficit_tokens = 0;  // of the round robin between models

 private:
  Removed Remove(std::shared_ptr<JobState> state);

  using Order = std::pair<absl::Time, uint64_t>;  // deadline, arrival

  std::shared_ptr<const ServedModel> model_;
  std::map<Order, std::shared_ptr<JobState>> waiting_;
  uint64_t arrivals_ = 0;
  int64_t tokens_ = 0;
};

}  // namespace sta

#endif  // SERVER_BATCHING_MODEL_QUEUE_H_
