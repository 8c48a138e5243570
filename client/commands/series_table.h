// SPDX-License-Identifier: Apache-2.0
//
// The candidates of a series side by side: the table that convert --series, model upload --series
// and model show print. Pure functions on plain values, which may come from any server.
#ifndef CLIENT_COMMANDS_SERIES_TABLE_H_
#define CLIENT_COMMANDS_SERIES_TABLE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/commands/package_report.h"
#include "client/console/json_text.h"

namespace sta::client {

struct SeriesRow {
  SeriesPlace place;
  std::map<std::string, int> patterns;  // "2:8" -> matrices that have it
  double density = 1.0;                 // kept share of the weights
  int64_t size_bytes = 0;
  // Of a version in a store; 0: of none.
  int64_t version = 0;
  bool is_default = false;  // what requests without a version get
  std::vector<std::string> aliases = {};
  std::string state = {};
};

// Of a package, or of a version in a store, that has a place in a series.
SeriesRow RowOf(const SeriesPlace& place, const PackageReport& report);
SeriesRow RowOf(const SeriesPlace& place, const PackageReport& report, const ModelVersion& version);

// Densest first, newest first of equals.
void SortSeries(std::vector<SeriesRow>& rows);

// "series sst2 (sst2, dev): accuracy, dense 91.28", and a line a candidate. Columns of versions are
// there where a row has one. "" where there are no rows.
std::string SeriesText(const std::vector<SeriesRow>& rows);
OrderedJson SeriesJson(const std::vector<SeriesRow>& rows);
OrderedJson SeriesPlaceJson(const SeriesPlace& place);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_SERIES_TABLE_H_
