// SPDX-License-Identifier: Apache-2.0
//
// What kernel_bench prints: tables for people, or JSON. Pure functions but for MachineName.
#ifndef BENCH_KERNELS_REPORT_H_
#define BENCH_KERNELS_REPORT_H_

#include <optional>
#include <string>
#include <vector>

#include "bench/kernels/peaks.h"

namespace sta::bench {

struct Result {
  std::string name;
  double value = 0.0;
  std::string unit;  // "GOP/s", "ns/row"
  // How many times as fast as each of these.
  std::optional<double> of_ceiling;
  std::optional<double> over_dense;  // the same set's dense product of the shape
  std::optional<double> over_generic;
};

// The rates of the instructions and the ceilings that follow. Empty without peaks.
std::string PeaksText(const std::vector<Peaks>& peaks);
std::string ResultsText(const std::vector<Result>& results);
// A list of {name, value, unit, ratio, peer, machine}, an entry for each peer ("ceiling", "dense",
// "generic"); ratio and peer are null in the one entry of a result that is compared with nothing.
std::string ResultsJson(const std::vector<Result>& results, const std::string& machine);

// The processor as it names itself, and its number of cores.
std::string MachineName();

}  // namespace sta::bench

#endif  // BENCH_KERNELS_REPORT_H_
