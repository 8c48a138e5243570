// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/measurement.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "absl/time/clock.h"

namespace sta::bench {

double Measurement::Percentile(double percentile) const {
  const auto count = static_cast<double>(microseconds.size());
  const double rank = std::clamp(std::ceil(percentile / 100.0 * count), 1.0, count);
  return microseconds[static_cast<size_t>(rank) - 1];
}

double Measurement::TokensPerSecond() const {
  return static_cast<double>(tokens) / Percentile(50) * 1e6;
}

absl::StatusOr<double> TimeRun(EngineRunner& runner, PreparedWorkload& prepared) {
  const auto start = std::chrono::steady_clock::now();
  absl::Status status = runner.Run(prepared);
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
  if (!status.ok()) return status;
  return took.count();
}

absl::StatusOr<std::vector<Measurement>> Measure(
    EngineRunner& runner, const std::vector<std::unique_ptr<PreparedWorkload>>& workloads,
    absl::Duration duration) {
  constexpr int kWarmUpRounds = 2;
  constexpr int kMinimumRounds = 3;
  std::vector<Measurement> measurements;
  for (const auto& prepared : workloads) {
    const Workload& workload = prepared->workload;
    measurements.push_back({.shape = workload.name,
                            .sequences = static_cast<int64_t>(workload.sequences.size()),
                            .tokens = workload.token_count(),
                            .microseconds = {}});
  }
  absl::Time end = absl::InfiniteFuture();
  for (int round = 0; round < kWarmUpRounds + kMinimumRounds || absl::Now() < end; ++round) {
    if (round == kWarmUpRounds) end = absl::Now() + duration;
    for (size_t i = 0; i < workloads.size(); ++i) {
      const absl::StatusOr<double> took = TimeRun(runner, *workloads[i]);
      if (!took.ok()) return took.status();
      if (round >= kWarmUpRounds) measurements[i].microseconds.push_back(*took);
    }
  }
  for (Measurement& measurement : measurements) std::ranges::sort(measurement.microseconds);
  return measurements;
}

}  // namespace sta::bench
