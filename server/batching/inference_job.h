// SPDX-License-Identifier: Apache-2.0
//
// InferenceJob: one request on its way through the batcher, and JobResult, what comes back.
#ifndef SERVER_BATCHING_INFERENCE_JOB_H_
#define SERVER_BATCHING_INFERENCE_JOB_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model_store/tokenizer/token_sequence.h"
#include "server/models/served_model.h"

namespace sta {

struct JobResult {
  // The Program's output for all sequences of the job, end to end in their order.
  std::vector<int16_t> rows;              // [tokens][hidden_size]
  std::vector<int32_t> sequence_offsets;  // sequence i is tokens offsets[i] .. offsets[i + 1]
  absl::Duration queue_time;              // from Submit until the first batch was formed
  absl::Duration compute_time;            // on devices, summed over the batches of the job

  // Rows of sequence `i`.
  std::span<const int16_t> SequenceRows(size_t i, int64_t hidden_size) const {
    const auto begin = static_cast<size_t>(sequence_offsets[i] * hidden_size);
    const auto end = static_cast<size_t>(sequence_offsets[i + 1] * hidden_size);
    return std::span(rows).subspan(begin, end - begin);
  }
};

struct InferenceJob {
  std::shared_ptr<const ServedModel> model;
  std::vector<TokenSequence> sequences;  // at least one; each passed ValidateTokens
  absl::Time deadline = absl::InfiniteFuture();
  // Who asks, as fairness between clients sees it; empty: nobody in particular.
  std::string client;
  // Lower is more urgent; 0 is the default. Never negative.
  int64_t priority = 0;
  // Set by the owner when the client has gone; null where nobody can cancel.
  std::shared_ptr<const std::atomic<bool>> cancelled;
  // Called exactly once, from a thread of the batcher or, on a refusal, from Submit itself; never
  // with a lock held. It may compute the head and write the reply, and must not wait.
  absl::AnyInvocable<void(absl::StatusOr<JobResult>)> done;
};

}  // namespace sta

#endif  // SERVER_BATCHING_INFERENCE_JOB_H_
