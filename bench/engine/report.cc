// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/report.h"

#include <utility>

#include "client/console/json_text.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::bench {

using client::Align;
using client::FormatFixed;
using client::OrderedJson;

namespace {

// How many times as long the median run takes.
double SlowDown(const Measurement& busy, const Measurement& quiet) {
  return busy.Percentile(50) / quiet.Percentile(50);
}

std::vector<std::string> RowOf(const Measurement& measured) {
  const auto milliseconds = [&](double percentile) {
    return FormatFixed(measured.Percentile(percentile) / 1000.0, 3);
  };
  return {measured.shape,
          client::WithThousands(measured.tokens),
          client::WithThousands(static_cast<int64_t>(measured.microseconds.size())),
          milliseconds(50),
          milliseconds(10),
          milliseconds(90),
          client::WithThousands(static_cast<int64_t>(measured.TokensPerSecond()))};
}

OrderedJson JsonOf(const Measurement& measured) {
  return {{"runs", measured.microseconds.size()},
          {"median_us", measured.Percentile(50)},
          {"p10_us", measured.Percentile(10)},
          {"p90_us", measured.Percentile(90)},
          {"tokens_per_second", measured.TokensPerSecond()}};
}

}  // namespace

std::string ReportText(const Report& report) {
  std::vector<client::Table::Column> columns = {
      {"shape", Align::kLeft},       {"tokens", Align::kRight}, {"runs", Align::kRight},
      {"ms, median", Align::kRight}, {"p10", Align::kRight},    {"p90", Align::kRight},
      {"tokens/s", Align::kRight}};
  if (!report.beside_neighbor.empty()) columns.push_back({"x quiet", Align::kRight});
  client::Table table(std::move(columns));
  for (size_t i = 0; i < report.measurements.size(); ++i) {
    table.AddRow(RowOf(report.measurements[i]));
    if (report.beside_neighbor.empty()) continue;
    std::vector<std::string> row = RowOf(report.beside_neighbor[i]);
    row.front() += ", busy neighbor";
    row.push_back(FormatFixed(SlowDown(report.beside_neighbor[i], report.measurements[i]), 2));
    table.AddRow(std::move(row));
  }
  return StrCat(report.device.kind, ": ", report.device.detail, "\n\n", table.ToString());
}

std::string ReportJson(const Report& report) {
  OrderedJson json = {{"package", report.package},
                      {"device", StrCat(report.device.kind, ": ", report.device.detail)},
                      {"threads", report.threads}};
  json["shapes"] = OrderedJson::array();
  for (size_t i = 0; i < report.measurements.size(); ++i) {
    const Measurement& measured = report.measurements[i];
    OrderedJson shape = {
        {"shape", measured.shape}, {"sequences", measured.sequences}, {"tokens", measured.tokens}};
    shape.update(JsonOf(measured));
    if (!report.beside_neighbor.empty()) {
      OrderedJson busy = JsonOf(report.beside_neighbor[i]);
      busy["over_quiet"] = SlowDown(report.beside_neighbor[i], measured);
      shape["busy_neighbor"] = std::move(busy);
    }
    json["shapes"].push_back(std::move(shape));
  }
  return StrCat(client::IndentedJson(json), "\n");
}

}  // namespace sta::bench
