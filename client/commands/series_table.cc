// SPDX-License-Identifier: Apache-2.0
#include "client/commands/series_table.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "client/commands/model.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

constexpr size_t kNameWidth = 40;

std::optional<double> ScoreOf(const std::map<std::string, double>& scores,
                              const std::string& metric) {
  const auto found = scores.find(metric);
  return found == scores.end() ? std::nullopt : std::optional(found->second);
}

std::optional<double> DropOf(const SeriesPlace& place) {
  const std::optional<double> score = ScoreOf(place.scores, place.metric);
  const std::optional<double> dense = ScoreOf(place.dense_scores, place.metric);
  if (!score.has_value() || !dense.has_value()) return std::nullopt;
  return *dense - *score;
}

std::string ScoreText(std::optional<double> score) {
  return score.has_value() ? FormatFixed(*score, 2) : "";
}

// "2:8", or "2:8 x30, 4:8 x6".
std::string PatternText(const std::map<std::string, int>& patterns) {
  return patterns.size() == 1 ? patterns.begin()->first : PatternsText(patterns);
}

std::vector<Table::Column> Columns(const std::string& metric, bool has_versions) {
  std::vector<Table::Column> columns = {
      {"candidate", Align::kLeft}, {"pattern", Align::kLeft},
      {"density", Align::kRight},  {Shorten(metric, kNameWidth), Align::kRight},
      {"drop", Align::kRight},     {"steps", Align::kRight},
      {"bytes", Align::kRight}};
  if (has_versions) {
    columns.insert(
        columns.end(),
        {{"version", Align::kRight}, {"aliases", Align::kLeft}, {"state", Align::kLeft}});
  }
  return columns;
}

// "dev", or "dev and choose".
std::string SplitsText(const std::vector<SeriesRow>& rows) {
  std::set<std::string> splits;
  for (const SeriesRow& row : rows) splits.insert(row.place.split);
  return Shorten(absl::StrJoin(splits, " and "), kNameWidth);
}

std::string TitleText(const std::vector<SeriesRow>& rows) {
  const SeriesPlace& place = rows.front().place;
  const std::optional<double> dense = ScoreOf(place.dense_scores, place.metric);
  return StrCat("series ", Shorten(place.series, kNameWidth), " (", Shorten(place.task, kNameWidth),
                ", ", SplitsText(rows), "): ", Shorten(place.metric, kNameWidth),
                dense.has_value() ? StrCat(", dense ", FormatFixed(*dense, 2)) : "", "\n");
}

}  // namespace

SeriesRow RowOf(const SeriesPlace& place, const PackageReport& report) {
  SeriesRow row = {.place = place,
                   .patterns = {},
                   .density = DensityOf(report),
                   .size_bytes = report.package_bytes};
  for (const MatrixReport& matrix : report.matrices) ++row.patterns[matrix.pattern];
  return row;
}

SeriesRow RowOf(const SeriesPlace& place, const PackageReport& report,
                const ModelVersion& version) {
  SeriesRow row = RowOf(place, report);
  row.version = version.version;
  row.is_default = version.is_default;
  row.aliases = version.aliases;
  row.state = version.state;
  return row;
}

void SortSeries(std::vector<SeriesRow>& rows) {
  std::ranges::stable_sort(rows, [](const SeriesRow& a, const SeriesRow& b) {
    return std::pair(-a.density, -a.version) < std::pair(-b.density, -b.version);
  });
}

std::string SeriesText(const std::vector<SeriesRow>& rows) {
  if (rows.empty()) return "";
  const bool has_versions =
      std::ranges::any_of(rows, [](const SeriesRow& row) { return row.version > 0; });
  const std::string& metric = rows.front().place.metric;
  Table table(Columns(metric, has_versions));
  for (const SeriesRow& row : rows) {
    table.AddRow({Shorten(row.place.candidate, kNameWidth), PatternText(row.patterns),
                  StrCat(FormatFixed(100 * row.density, 1), " %"),
                  ScoreText(ScoreOf(row.place.scores, metric)), ScoreText(DropOf(row.place)),
                  WithThousands(row.place.steps), WithThousands(row.size_bytes),
                  // The star stands for what requests without a version get.
                  StrCat(row.is_default ? "*" : "", row.version), absl::StrJoin(row.aliases, ", "),
                  row.state});
  }
  return StrCat(TitleText(rows), table.ToString());
}

OrderedJson SeriesPlaceJson(const SeriesPlace& place) {
  return {{"name", place.series},   {"candidate", place.candidate},
          {"task", place.task},     {"split", place.split},
          {"steps", place.steps},   {"metric", place.metric},
          {"scores", place.scores}, {"dense_scores", place.dense_scores}};
}

OrderedJson SeriesJson(const std::vector<SeriesRow>& rows) {
  OrderedJson list = OrderedJson::array();
  for (const SeriesRow& row : rows) {
    OrderedJson json = SeriesPlaceJson(row.place);
    json["patterns"] = row.patterns;
    json["density"] = row.density;
    json["size_bytes"] = row.size_bytes;
    if (const std::optional<double> drop = DropOf(row.place)) json["drop"] = *drop;
    if (row.version > 0) {
      json["version"] = row.version;
      json["is_default"] = row.is_default;
      json["aliases"] = row.aliases;
      json["state"] = row.state;
    }
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace sta::client
