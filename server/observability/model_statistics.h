// SPDX-License-Identifier: Apache-2.0
//
// ModelStatistics: what was done by each model version and how long it took, in all, as Triton's
// statistics extension tells it. What Prometheus reads is metrics.h.
//
//   statistics.CountAnswer("minilm", 1, {.arrived = start, .rows = 2, .total = ..., ...});
//   VersionTotals totals = statistics.Of("minilm", 1);
//
// Counts of a version begin with its first request and end with Forget, so that unloading it does
// not set them back. Thread-safe; a call is a short lock.
#ifndef SERVER_OBSERVABILITY_MODEL_STATISTICS_H_
#define SERVER_OBSERVABILITY_MODEL_STATISTICS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/observability/buckets.h"

namespace sta {

// One request that was answered.
struct AnswerTimes {
  absl::Time arrived;
  int64_t rows = 0;
  absl::Duration total;  // until the answer is whole; the others are parts of it
  absl::Duration queue;
  absl::Duration input;    // decoding, tokenizing
  absl::Duration compute;  // on devices
  absl::Duration output;   // head, writing the answer
};

struct TimedCount {
  int64_t count = 0;
  absl::Duration duration;

  void Add(absl::Duration one) {
    ++count;
    duration += one;
  }
  friend bool operator==(const TimedCount&, const TimedCount&) = default;
};

// Batches of more sequences count as ones of so many.
inline constexpr int64_t kLargestBatchSize = 1024;

struct VersionTotals {
  absl::Time last_request = absl::InfinitePast();  // that is over: when it came
  int64_t rows = 0;                                // of requests that were answered
  int64_t batches = 0;                             // that were computed
  std::map<int64_t, TimedCount> batches_by_size;   // the same by sequences, and on devices how long
  TimedCount success;
  TimedCount failure;
  TimedCount queue;
  TimedCount input;
  TimedCount compute;
  TimedCount output;
  // Of `success`: how many took how long, by DurationBuckets() (histogram/bucket_counts.h).
  std::vector<int64_t> latency = std::vector<int64_t>(DurationBuckets().size() + 1);
  // What waits now. For a moment it may be less than nothing.
  int64_t queued_requests = 0;
  int64_t queued_tokens = 0;
};

class ModelStatistics {
 public:
  void CountAnswer(std::string_view model, int64_t version, const AnswerTimes& times);
  void CountFailure(std::string_view model, int64_t version, absl::Time arrived,
                    absl::Duration total);
  // One that was computed: of so many sequences, in that time.
  void CountBatch(std::string_view model, int64_t version, int64_t sequences,
                  absl::Duration compute);
  // The version's queue grew or shrank.
  void CountQueued(std::string_view model, int64_t version, int64_t requests, int64_t tokens);

  // Zeros where nothing was counted.
  VersionTotals Of(std::string_view model, int64_t version) const;

  // The version is not in the store any more.
  void Forget(std::string_view model, int64_t version);

 private:
  VersionTotals& At(std::string_view model, int64_t version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::vector<double> latency_bounds_ = DurationBuckets();
  mutable absl::Mutex mutex_;
  std::map<std::string, std::map<int64_t, VersionTotals>, std::less<>> models_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_MODEL_STATISTICS_H_
