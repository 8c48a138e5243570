// SPDX-License-Identifier: Apache-2.0
//
// BatchBuilder: a batch that grows by one sequence after another, until it holds the tokens that it
// may, or the next one would make a job of it late. Internal to the batcher; a function of the
// limits and of what it is given.
//
//   BatchBuilder builder(model, {.budget_tokens = 4096, .begin = now});
//   while (builder.Add(state) == BatchBuilder::kTaken) ...
//   Batch batch = builder.Take();
#ifndef SERVER_BATCHING_BATCH_BUILDER_H_
#define SERVER_BATCHING_BATCH_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

#include "absl/time/time.h"
#include "server/batching/job_state.h"

namespace sta {

// Estimates are trusted by this much where they decide that work is given up: what would be done
// after so much of its estimate may still be in time.
inline constexpr double kSurePart = 0.75;

struct BatchLimits {
  int64_t budget_tokens = 1;  // a single longer sequence is taken all the same
  absl::Time now;             // when the jobs leave their queue
  absl::Time begin;           // when the device is expected to begin with the batch
  absl::Duration per_token;   // that it is expected to take
};

class BatchBuilder {
 public:
  enum Outcome {
    kTaken,     // the job's next sequence is in the batch
    kFull,      // the batch is better without it
    kHopeless,  // the job cannot be done by its deadline, not even by itself
  };

  BatchBuilder(std::shared_ptr<const ServedModel> model, const BatchLimits& limits)
      : limits_(limits), batch_{.model = std::move(model)} {}

  const BatchLimits& limits() const { return limits_; }
  int64_t tokens() const { return batch_.tokens; }
  bool is_full() const { return is_full_; }

  // Of a job that has sequences that wait.
  Outcome Add(const std::shared_ptr<JobState>& state);

  Batch Take() { return std::move(batch_); }

 private:
  absl::Time EndWith(int64_t tokens) const {
    return limits_.begin + static_cast<double>(tokens) * limits_.per_token;
  }
  bool IsHopeless(const JobState& state) const;
  JobPiece& PieceOf(const std::shared_ptr<JobState>& state);

  const BatchLimits limits_;
  Batch batch_;
  std::unordered_map<const JobState*, size_t> pieces_;  // indices of batch_.pieces
  absl::Time earliest_deadline_ = absl::InfiniteFuture();
  bool is_full_ = false;
};

}  // namespace sta

#endif  // SERVER_BATCHING_BATCH_BUILDER_H_
