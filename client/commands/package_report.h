// SPDX-License-Identifier: Apache-2.0
//
// What a package holds and how well it is packed: the table that inspect, convert and model show
// print. Pure functions on plain values.
#ifndef CLIENT_COMMANDS_PACKAGE_REPORT_H_
#define CLIENT_COMMANDS_PACKAGE_REPORT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/console/json_text.h"

namespace sta::client {

struct MatrixReport {
  std::string name;
  std::string pattern;  // "2:8" or "dense"
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t value_bytes = 0;     // at rest
  int64_t position_bytes = 0;  // at rest

  int64_t dense_bytes() const;  // as float32
  int64_t packed_bytes() const;
};

struct PackageReport {
  std::vector<MatrixReport> matrices;
  int64_t package_bytes = 0;  // all files
  std::map<std::string, std::string> provenance;
  std::map<std::string, double> accuracy;
  std::optional<SeriesPlace> series = {};
};

// The fewest bytes that say which weights a matrix keeps: log2(C(m, n)) bits a group. 0 for dense
// or a pattern that is none.
double PositionBoundBytes(const MatrixReport& matrix);

// The kept share of all weights; 1 where there are no matrices, or a pattern is none.
double DensityOf(const PackageReport& report);

// A line a matrix and totals where there are matrices; size of the package, accuracy, place
// in a series, origin.
std::string PackageReportText(const PackageReport& report);
OrderedJson PackageReportJson(const PackageReport& report);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_PACKAGE_REPORT_H_
