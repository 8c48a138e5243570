// SPDX-License-Identifier: Apache-2.0
#include "client/commands/series_convert.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "client/commands/opened_package.h"
#include "client/commands/series_table.h"
#include "client/console/progress_bar.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

std::vector<SeriesRow> RowsOf(const ConvertedSeries& converted) {
  std::vector<SeriesRow> rows;
  for (size_t i = 0; i < converted.manifests.size(); ++i) {
    const SeriesCandidate& candidate = converted.series.candidates[i];
    rows.push_back(
        RowOf(PlaceOf(converted.series.EntryOf(candidate)), ReportOf(converted.manifests[i])));
  }
  return rows;
}

void PrintSeriesConverted(CommandContext& context, const ConvertedSeries& converted,
                          const std::string& output) {
  std::vector<SeriesRow> rows = RowsOf(converted);
  const std::vector<std::string>& had_been = converted.had_been;
  if (!context.json) {
    SortSeries(rows);
    context.console.out << SeriesText(rows);
    for (const std::string& name : had_been) {
      context.console.out << name << " was there already\n";
    }
    context.console.out << "written to " << output << "; next: stactl model upload --series "
                        << output << "\n";
    return;
  }
  OrderedJson candidates = SeriesJson(rows);
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string& name = rows[i].place.candidate;
    candidates[i]["directory"] = converted.series.candidates[i].directory;
    candidates[i]["existed"] = std::ranges::find(had_been, name) != had_been.end();
    candidates[i]["measured"] = converted.manifests[i].provenance.accuracy;
  }
  context.console.out << IndentedJson({{"series", converted.series.name},
                                       {"output", output},
                                       {"candidates", std::move(candidates)}})
                      << "\n";
}

}  // namespace

absl::Status RunSeriesConvert(CommandContext& context, const ConvertSeriesOptions& options) {
  const absl::StatusOr<ConvertedSeries> converted = [&] {
    ProgressBar bar(context.console, "convert");
    return ConvertSeries(
        options, [&](const SeriesCandidate& candidate, std::string_view phase, int64_t done,
                     int64_t total) { bar.Show(StrCat(candidate.name, " ", phase), done, total); });
  }();
  if (!converted.ok()) return converted.status();
  PrintSeriesConverted(context, *converted, options.output_directory.string());
  return absl::OkStatus();
}

}  // namespace sta::client
