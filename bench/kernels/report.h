// SPDX-License-Identifier: Apache-2.0
//
// What kernel_bench prints: tables for people, or JSON. Pure functions but for MachineName.
#ifndef BENCH_KERNELS_REPORT_H_
#define BENCH_KERNELS_REPORT_H_

#include <string>
#include <vector>

#include "bench/kernels/peaks.h"
#include "bench/kernels/results.h"

namespace sta::bench {

// The rates of the instructions and the ceilings that follow. Empty without peaks.
std::string PeaksText(const std::vector<Peaks>& peaks);
std::string ResultsText(const std::vector<Result>& results);
// A list of {name, value, unit, ratio, peer, machine}, an entry for each peer ("ceiling", "dense",
// "generic", "onednn"); ratio and peer are null in the one entry of a result that is compared with
// nothing.
std::string ResultsJson(const std::vector<Result>& results, const std::string& machine);

// The processor as it names itself, and its number of cores.
std::string MachineName();

}  // namespace sta::bench

#endif  // BENCH_KERNELS_REPORT_H_
