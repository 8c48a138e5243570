// SPDX-License-Identifier: Apache-2.0
//
// What each benchmark reached and what it is compared with. Pure functions.
#ifndef BENCH_KERNELS_RESULTS_H_
#define BENCH_KERNELS_RESULTS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/kernels/peaks.h"
#include "bench/kernels/suite.h"

namespace sta::bench {

struct Result {
  std::string name;
  double value = 0.0;
  std::string unit;  // "GOP/s", "ns/row"
  // How many times as fast as each of these.
  std::optional<double> of_ceiling;    // of as many threads
  std::optional<double> over_dense;    // the same set's dense product of the shape
  std::optional<double> over_generic;  // the same work
  std::optional<double> over_onednn;   // the same work
};

// `rates` are medians by the entries' names; entries without one, which a filter left out, are left
// out here.
std::vector<Result> ResultsOf(const std::vector<Entry>& entries,
                              const std::map<std::string, double>& rates,
                              const std::vector<Peaks>& peaks);

}  // namespace sta::bench

#endif  // BENCH_KERNELS_RESULTS_H_
