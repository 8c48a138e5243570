// SPDX-License-Identifier: Apache-2.0
//
// ModelQueue: the jobs that wait for one model version. The most urgent priority is served first,
// inside it clients take turns (client_lines.h); an eighth of the tokens goes to the oldest of the
// less urgent jobs, so that none waits for ever. Internal to the batcher; not thread-safe: guarded
// by the batcher's mutex. Time comes in as an argument, so that its decisions are a function of its
// content and the time.
#ifndef SERVER_BATCHING_MODEL_QUEUE_H_
#define SERVER_BATCHING_MODEL_QUEUE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/batching/batch_builder.h"
#include "server/batching/client_lines.h"
#include "server/batching/job_state.h"

namespace sta {

// A job that is not in a queue yet, as far as its place there depends on it.
struct Newcomer {
  const std::string& client;
  int64_t priority = 0;
  absl::Time deadline = absl::InfiniteFuture();
  int64_t tokens = 0;
};

class ModelQueue {
 public:
  // One part in so many of the tokens is for jobs that are not of the most urgent priority.
  static constexpr int64_t kLessUrgentPart = 8;

  explicit ModelQueue(std::shared_ptr<const ServedModel> model) : model_(std::move(model)) {}

  const std::shared_ptr<const ServedModel>& model() const { return model_; }
  bool empty() const { return levels_.empty(); }
  int64_t requests() const;
  int64_t tokens() const;  // of sequences that are in no batch yet

  void Add(std::shared_ptr<JobState> state);

  // Removes jobs that failed, were cancelled or are past their deadline, and sets their status.
  // Those with batches in flight are answered when these come back, the others by the caller.
  std::vector<RemovedJob> RemoveDead(absl::Time now);
  // Removes jobs that have waited since before `oldest` and have not begun, with `status`, as too
  // much for the devices.
  std::vector<RemovedJob> RemoveOlder(absl::Time oldest, const absl::Status& status);
  // Removes all jobs, with `status`.
  std::vector<RemovedJob> RemoveAll(const absl::Status& status);
  // Removes those of FindVictims, with `status`.
  std::vector<RemovedJob> Displace(const std::vector<std::shared_ptr<JobState>>& victims,
                                   const absl::Status& status) {
    return GiveUp(victims, RejectReason::kDisplaced, status);
  }

  // What a queue that is too full is to lose.
  struct Excess {
    int64_t tokens = 0;
    int64_t requests = 0;

    bool any() const { return tokens > 0 || requests > 0; }
  };
  // Jobs without which the excess is gone, and whose place is rather the newcomer's: they are less
  // urgent, or as urgent and of a client that has more tokens waiting than the newcomer's would
  // have. None of them has begun. Nothing where there are not enough.
  std::optional<std::vector<std::shared_ptr<JobState>>> FindVictims(const Newcomer& newcomer,
                                                                    Excess excess) const;
  // Tokens that will be taken before the newcomer's, at the least.
  int64_t TokensBefore(const Newcomer& newcomer) const;

  // Of the queue's jobs, which are at least one.
  absl::Time earliest_deadline() const;

  // Lengths of about the sequences that TakeBatch would take, as offsets.
  std::vector<int32_t> Preview(int64_t budget_tokens) const;

  // When the queue may be served: at once where `budget_tokens` are waiting, else `delay` after its
  // oldest job came. The queue is not empty.
  absl::Time ReadyAt(int64_t budget_tokens, absl::Duration delay) const;

  // Takes sequences in order until the next one would go beyond the limits, at least one; none
  // where all jobs are hopeless. Those that are and whose turn came are removed, with their status,
  // and added to `hopeless`. The queue is not empty.
  Batch TakeBatch(const BatchLimits& limits, std::vector<RemovedJob>& hopeless);

  int64_t deficit_tokens = 0;  // of the round robin between models

 private:
  using Levels = std::map<int64_t, ClientLines>;  // by priority; none empty

  RemovedJob Remove(const std::shared_ptr<JobState>& state);
  std::vector<RemovedJob> GiveUp(const std::vector<std::shared_ptr<JobState>>& states,
                                 RejectReason reason, const absl::Status& status);
  // Of the less urgent jobs, for the credit that they have.
  void TakeLessUrgent(BatchBuilder& builder, std::vector<RemovedJob>& hopeless);

  std::shared_ptr<const ServedModel> model_;
  Levels levels_;
  uint64_t arrivals_ = 0;
  int64_t less_urgent_credit_tokens_ = 0;
};

}  // namespace sta

#endif  // SERVER_BATCHING_MODEL_QUEUE_H_
