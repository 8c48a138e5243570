// SPDX-License-Identifier: Apache-2.0
//
// JobState: a job between Submit and its answer. Internal to the batcher: every field but `job` and
// `result.rows` is guarded by the batcher's mutex. The first worker makes result.rows; all write
// disjoint parts of it.
#ifndef SERVER_BATCHING_JOB_STATE_H_
#define SERVER_BATCHING_JOB_STATE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/batching/inference_job.h"
#include "server/batching/reject_reason.h"

namespace sta {

struct JobState {
  InferenceJob job;
  absl::Time submitted;
  uint64_t arrival = 0;      // its number in its queue
  size_t next_sequence = 0;  // the first one that is in no batch yet
  int64_t batches_in_flight = 0;
  absl::Status status;                 // the first failure; what is still queued is then dropped
  std::optional<RejectReason> reason;  // of a job that its queue has given up
  JobResult result;                    // sequence_offsets are set from the start
  std::once_flag rows_made;

  // Not at once: a job that waits takes no memory for what it will get.
  void MakeRowsOnce(size_t hidden_size) {
    std::call_once(rows_made, [this, hidden_size] {
      result.rows.resize(static_cast<size_t>(TokensFrom(0)) * hidden_size);
    });
  }

  bool has_begun() const { return next_sequence > 0; }
  bool all_dispatched() const { return next_sequence == job.sequences.size(); }
  bool is_cancelled() const { return job.cancelled != nullptr && job.cancelled->load(); }

  int64_t TokensFrom(size_t sequence) const {
    return result.sequence_offsets.back() - result.sequence_offsets[sequence];
  }
  // Of sequences that are in no batch yet.
  int64_t waiting_tokens() const { return TokensFrom(next_sequence); }
};

// A job that has left its queue without its last sequence having been taken.
struct RemovedJob {
  std::shared_ptr<JobState> state;
  int64_t tokens = 0;  // that were still waiting
};

// Sequences first .. last - 1 of a job, inside one batch.
struct JobPiece {
  std::shared_ptr<JobState> state;
  size_t first = 0;
  size_t last = 0;
};

struct Batch {
  std::shared_ptr<const ServedModel> model;
  std::vector<JobPiece> pieces;  // of different jobs
  int64_t tokens = 0;
  int64_t sequences = 0;
};

}  // namespace sta

#endif  // SERVER_BATCHING_JOB_STATE_H_
