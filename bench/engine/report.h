// SPDX-License-Identifier: Apache-2.0
//
// What engine_bench prints: a table for people, or JSON. Times beside a busy neighbor come with how
// many times they are the quiet ones. Pure functions.
#ifndef BENCH_ENGINE_REPORT_H_
#define BENCH_ENGINE_REPORT_H_

#include <string>
#include <vector>

#include "accel/device.h"
#include "bench/engine/measurement.h"

namespace sta::bench {

struct Report {
  std::string package;
  DeviceCaps device;
  int threads = 1;
  std::vector<Measurement> measurements;
  std::vector<Measurement> beside_neighbor;  // of the same shapes; empty where not measured
};

// Both end with a newline.
std::string ReportText(const Report& report);
std::string ReportJson(const Report& report);

}  // namespace sta::bench

#endif  // BENCH_ENGINE_REPORT_H_
