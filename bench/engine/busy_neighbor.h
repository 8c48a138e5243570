// SPDX-License-Identifier: Apache-2.0
//
// BusyNeighbor: a thread that spins on one processor while it exists, as a process of somebody else
// would, and what it does to the times of workloads.
//
//   {
//     auto neighbor = BusyNeighbor::Start();   // on the last processor that this process may use
//     ...                                      // the others have it beside them
//   }                                          // stopped and joined
#ifndef BENCH_ENGINE_BUSY_NEIGHBOR_H_
#define BENCH_ENGINE_BUSY_NEIGHBOR_H_

#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/engine/measurement.h"

namespace sta::bench {

class BusyNeighbor {
 public:
  // INTERNAL: the system does not let the thread be bound to a processor.
  static absl::StatusOr<std::unique_ptr<BusyNeighbor>> Start();

  int processor() const { return processor_; }

 private:
  explicit BusyNeighbor(int processor);

  const int processor_;
  std::jthread thread_;
};

// Of the same workloads in the same order.
struct NeighborMeasurements {
  std::vector<Measurement> quiet;
  std::vector<Measurement> busy;
};

// Takes turns: a slice of the time undisturbed, a slice beside a busy neighbor, and again, each
// with a warm-up of its own.
absl::StatusOr<NeighborMeasurements> MeasureBesideNeighbor(
    EngineRunner& runner, const std::vector<std::unique_ptr<PreparedWorkload>>& workloads,
    absl::Duration duration);

}  // namespace sta::bench

#endif  // BENCH_ENGINE_BUSY_NEIGHBOR_H_
