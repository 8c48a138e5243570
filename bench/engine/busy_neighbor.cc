// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/busy_neighbor.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"

namespace sta::bench {
namespace {

// -1 where the system does not say.
int LastAllowedProcessor() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return -1;
  int last = -1;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (CPU_ISSET(processor, &allowed)) last = processor;
  }
  return last;
}

void AddRuns(const std::vector<Measurement>& slice, std::vector<Measurement>& all) {
  if (all.empty()) {
    all = slice;
    return;
  }
  for (size_t i = 0; i < all.size(); ++i) {
    std::vector<double>& runs = all[i].microseconds;
    const auto middle = std::ssize(runs);
    runs.insert(runs.end(), slice[i].microseconds.begin(), slice[i].microseconds.end());
    std::inplace_merge(runs.begin(), runs.begin() + middle, runs.end());
  }
}

}  // namespace

BusyNeighbor::BusyNeighbor(int processor)
    : processor_(processor), thread_([](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
        }
      }) {}

absl::StatusOr<std::unique_ptr<BusyNeighbor>> BusyNeighbor::Start() {
  const int processor = LastAllowedProcessor();
  if (processor < 0) return absl::InternalError("cannot tell which processors may be used");
  // The constructor is private, out of make_unique's reach.
  std::unique_ptr<BusyNeighbor> neighbor(new BusyNeighbor(processor));
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  if (pthread_setaffinity_np(neighbor->thread_.native_handle(), sizeof(one), &one) != 0) {
    return absl::InternalError("cannot bind a thread to a processor");
  }
  return neighbor;
}

absl::StatusOr<NeighborMeasurements> MeasureBesideNeighbor(
    EngineRunner& runner, const std::vector<std::unique_ptr<PreparedWorkload>>& workloads,
    absl::Duration duration) {
  constexpr int kTurns = 5;
  const absl::Duration slice = duration / (2 * kTurns);
  NeighborMeasurements all;
  for (int turn = 0; turn < kTurns; ++turn) {
    const absl::StatusOr<std::vector<Measurement>> quiet = Measure(runner, workloads, slice);
    if (!quiet.ok()) return quiet.status();
    AddRuns(*quiet, all.quiet);
    const absl::StatusOr<std::unique_ptr<BusyNeighbor>> neighbor = BusyNeighbor::Start();
    if (!neighbor.ok()) return neighbor.status();
    const absl::StatusOr<std::vector<Measurement>> busy = Measure(runner, workloads, slice);
    if (!busy.ok()) return busy.status();
    AddRuns(*busy, all.busy);
  }
  return all;
}

}  // namespace sta::bench
