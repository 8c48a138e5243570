// SPDX-License-Identifier: Apache-2.0
//
// LatencyWindow: how long requests have taken lately, out of histograms that count from the start
// of the process on: the difference of what they say now and what they said when somebody looked
// before.
//
//   LatencyWindow window(absl::Minutes(1), start);
//   LatencyWindow::View view = window.Look({{{"minilm", 1}, totals.latency}}, now);
//   std::optional<double> p99 = QuantileOf(DurationBuckets(), view.counts[{"minilm", 1}], 0.99);
//
// Thread-safe; a look is a short lock and a copy of the counts.
#ifndef SERVER_OBSERVABILITY_LATENCY_WINDOW_H_
#define SERVER_OBSERVABILITY_LATENCY_WINDOW_H_

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sta {

// Counts by bucket (histogram/bucket_counts.h), of models' versions.
using LatencyCounts = std::map<std::pair<std::string, int64_t>, std::vector<int64_t>>;

class LatencyWindow {
 public:
  // Counting begins at `start`, with nothing.
  LatencyWindow(absl::Duration length, absl::Time start);

  struct View {
    // What it covers: at least the window's length, unless the process is younger; more where
    // nobody has looked for long.
    absl::Duration length = {};
    LatencyCounts counts = {};
  };
  // `now` may be a little before that of another thread's look.
  View Look(const LatencyCounts& counts, absl::Time now);

 private:
  struct Snapshot {
    absl::Time time = {};
    LatencyCounts counts = {};
  };

  const absl::Duration length_;
  absl::Mutex mutex_;
  // Of the past, oldest first, at most one a second; the first is what now is compared with.
  std::deque<Snapshot> snapshots_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_LATENCY_WINDOW_H_
