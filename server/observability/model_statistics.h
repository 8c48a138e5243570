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

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

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

struct VersionTotals {
  absl::Time last_request = absl::InfinitePast();  // that is over: when it came
  int64_t rows = 0;                                // of requests that were answered
  int64_t batches = 0;
  TimedCount success;
  TimedCount failure;
  TimedCount queue;
  TimedCount input;
  TimedCount compute;
  TimedCount output;
};

class ModelStatistics {
 public:
  void CountAnswer(std::string_view model, int64_t version, const AnswerTimes& times);
  void CountFailure(std::string_view model, int64_t version, absl::Time arrived,
                    absl::Duration total);
  void CountBatch(std::string_view model, int64_t version);

  // Zeros where nothing was counted.
  VersionTotals Of(std::string_view model, int64_t version) const;

  // The version is not in the store any more.
  void Forget(std::string_view model, int64_t version);

 private:
  VersionTotals& At(std::string_view model, int64_t version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<std::string, std::map<int64_t, VersionTotals>, std::less<>> models_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_MODEL_STATISTICS_H_
