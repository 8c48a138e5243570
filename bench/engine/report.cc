// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/report.h"

#include "client/console/json_text.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::bench {

using client::Align;
using client::FormatFixed;
using client::OrderedJson;

std::string ReportText(const Report& report) {
  client::Table table({{"shape", Align::kLeft},
                       {"tokens", Align::kRight},
                       {"runs", Align::kRight},
                       {"ms, median", Align::kRight},
                       {"p10", Align::kRight},
                       {"p90", Align::kRight},
                       {"tokens/s", Align::kRight}});
  for (const Measurement& measured : report.measurements) {
    const auto milliseconds = [&](double percentile) {
      return FormatFixed(measured.Percentile(percentile) / 1000.0, 3);
    };
    table.AddRow({measured.shape, client::WithThousands(measured.tokens),
                  client::WithThousands(static_cast<int64_t>(measured.microseconds.size())),
                  milliseconds(50), milliseconds(10), milliseconds(90),
                  client::WithThousands(static_cast<int64_t>(measured.TokensPerSecond()))});
  }
  return StrCat(report.device.kind, ": ", report.device.detail, "\n\n", table.ToString());
}

std::string ReportJson(const Report& report) {
  OrderedJson json = {{"package", report.package},
                      {"device", StrCat(report.device.kind, ": ", report.device.detail)},
                      {"threads", report.threads}};
  json["shapes"] = OrderedJson::array();
  for (const Measurement& measured : report.measurements) {
    json["shapes"].push_back({{"shape", measured.shape},
                              {"sequences", measured.sequences},
                              {"tokens", measured.tokens},
                              {"runs", measured.microseconds.size()},
                              {"median_us", measured.Percentile(50)},
                              {"p10_us", measured.Percentile(10)},
                              {"p90_us", measured.Percentile(90)},
                              {"tokens_per_second", measured.TokensPerSecond()}});
  }
  return StrCat(client::IndentedJson(json), "\n");
}

}  // namespace sta::bench
