// SPDX-License-Identifier: Apache-2.0
//
// Times of runs of workloads, interleaved: one run of each in turn until the time is over, so that
// whatever else the machine does meets all of them alike. Not thread-safe, as EngineRunner.
#ifndef BENCH_ENGINE_MEASUREMENT_H_
#define BENCH_ENGINE_MEASUREMENT_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/engine/engine_runner.h"

namespace sta::bench {

struct Measurement {
  std::string shape;
  int64_t sequences = 0;
  int64_t tokens = 0;
  std::vector<double> microseconds;  // of each run, ascending

  // The value that at least `percentile` (0..100) percent of the runs do not exceed; of an even
  // number of runs the median is the lower one. At least one run.
  double Percentile(double percentile) const;
  double TokensPerSecond() const;  // of the median run
};

// Microseconds of one run.
absl::StatusOr<double> TimeRun(EngineRunner& runner, PreparedWorkload& prepared);

// Some runs of each first to warm up, then rounds until `duration` is over, but at least three.
absl::StatusOr<std::vector<Measurement>> Measure(
    EngineRunner& runner, const std::vector<std::unique_ptr<PreparedWorkload>>& workloads,
    absl::Duration duration);

}  // namespace sta::bench

#endif  // BENCH_ENGINE_MEASUREMENT_H_
