// SPDX-License-Identifier: Apache-2.0
#include "client/commands/package_report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "client/commands/series_table.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

// The figures may come from any server: they are clamped, not trusted.
int64_t ClampedProduct(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<int64_t>::max() : product;
}

int64_t ClampedSum(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<int64_t>::max() : sum;
}

struct Totals {
  int64_t dense_bytes = 0;
  int64_t value_bytes = 0;
  int64_t position_bytes = 0;
  double position_bound_bytes = 0;
};

Totals Sum(const PackageReport& report) {
  Totals totals;
  for (const MatrixReport& matrix : report.matrices) {
    totals.dense_bytes = ClampedSum(totals.dense_bytes, matrix.dense_bytes());
    totals.value_bytes = ClampedSum(totals.value_bytes, matrix.value_bytes);
    totals.position_bytes = ClampedSum(totals.position_bytes, matrix.position_bytes);
    totals.position_bound_bytes += PositionBoundBytes(matrix);
  }
  return totals;
}

double Ratio(int64_t dense_bytes, int64_t packed_bytes) {
  return packed_bytes > 0 ? static_cast<double>(dense_bytes) / static_cast<double>(packed_bytes)
                          : 0;
}

struct GroupSizes {
  int64_t n = 1;
  int64_t m = 1;
};

// Of "N:M"; nothing for anything else.
std::optional<GroupSizes> ParseGroups(const std::string& pattern) {
  const size_t colon = pattern.find(':');
  GroupSizes sizes;
  if (colon == std::string::npos || !absl::SimpleAtoi(pattern.substr(0, colon), &sizes.n) ||
      !absl::SimpleAtoi(pattern.substr(colon + 1), &sizes.m) || sizes.n < 1 || sizes.m < sizes.n ||
      sizes.m > 32) {
    return std::nullopt;
  }
  return sizes;
}

// Kept weights of a row, of all of them; nothing for a pattern that is none.
std::optional<double> KeptShare(const MatrixReport& matrix) {
  if (matrix.pattern == "dense") return 1.0;
  const std::optional<GroupSizes> sizes = ParseGroups(matrix.pattern);
  if (!sizes.has_value() || matrix.columns < 1) return std::nullopt;
  const auto [n, m] = *sizes;
  const int64_t kept = matrix.columns / m * n + std::min(matrix.columns % m, n);
  return static_cast<double>(kept) / static_cast<double>(matrix.columns);
}

double Log2Binomial(int64_t m, int64_t n) {
  double bits = 0;
  for (int64_t i = 1; i <= n; ++i) {
    bits += std::log2(static_cast<double>(m - n + i) / static_cast<double>(i));
  }
  return bits;
}

std::vector<std::string> TableRow(const std::string& name, const std::string& pattern,
                                  int64_t dense_bytes, int64_t value_bytes, int64_t position_bytes,
                                  double bound_bytes) {
  const int64_t packed_bytes = ClampedSum(value_bytes, position_bytes);
  return {name,
          pattern,
          WithThousands(dense_bytes),
          WithThousands(packed_bytes),
          WithThousands(value_bytes),
          WithThousands(position_bytes),
          WithThousands(std::llround(std::ceil(std::min(bound_bytes, 1e18)))),
          StrCat(FormatFixed(Ratio(dense_bytes, packed_bytes), 2), "x")};
}

// A line a matrix, and the total.
std::string MatricesText(const PackageReport& report) {
  Table table({{"tensor", Align::kLeft},
               {"pattern", Align::kLeft},
               {"fp32 bytes", Align::kRight},
               {"packed", Align::kRight},
               {"values", Align::kRight},
               {"positions", Align::kRight},
               {"bound", Align::kRight},
               {"ratio", Align::kRight}});
  for (const MatrixReport& matrix : report.matrices) {
    table.AddRow(TableRow(matrix.name, matrix.pattern, matrix.dense_bytes(), matrix.value_bytes,
                          matrix.position_bytes, PositionBoundBytes(matrix)));
  }
  const Totals totals = Sum(report);
  table.AddRule();
  table.AddRow(TableRow("total", "", totals.dense_bytes, totals.value_bytes, totals.position_bytes,
                        totals.position_bound_bytes));
  return table.ToString();
}

// "series: sst2, candidate 2-8, 4,320 steps" and a line a score.
std::string PlaceText(const SeriesPlace& place) {
  std::string text = StrCat("series: ", place.series, ", candidate ", place.candidate, ", ",
                            WithThousands(place.steps), " training steps\n");
  for (const auto& [metric, score] : place.scores) {
    const auto dense = place.dense_scores.find(metric);
    StrAppend(&text, metric, " (", place.task, ", ", place.split, "): ", FormatFixed(score, 2),
              dense == place.dense_scores.end()
                  ? ""
                  : StrCat(", of the dense model ", FormatFixed(dense->second, 2)),
              "\n");
  }
  return text;
}

}  // namespace

int64_t MatrixReport::dense_bytes() const {
  return ClampedProduct(ClampedProduct(rows, columns), sizeof(float));
}

int64_t MatrixReport::packed_bytes() const { return ClampedSum(value_bytes, position_bytes); }

double PositionBoundBytes(const MatrixReport& matrix) {
  const std::optional<GroupSizes> sizes = ParseGroups(matrix.pattern);
  if (!sizes.has_value()) return 0;
  const auto [n, m] = *sizes;
  const int64_t full_groups = matrix.columns / m;
  const int64_t tail = matrix.columns % m;
  const double row_bits =
      static_cast<double>(full_groups) * Log2Binomial(m, n) + Log2Binomial(tail, std::min(n, tail));
  return static_cast<double>(matrix.rows) * row_bits / 8;
}

double DensityOf(const PackageReport& report) {
  double kept = 0;
  double all = 0;
  for (const MatrixReport& matrix : report.matrices) {
    const std::optional<double> share = KeptShare(matrix);
    if (!share.has_value()) return 1.0;
    const double weights = static_cast<double>(matrix.rows) * static_cast<double>(matrix.columns);
    kept += *share * weights;
    all += weights;
  }
  return all > 0 ? kept / all : 1.0;
}

std::string PackageReportText(const PackageReport& report) {
  std::string text = report.matrices.empty() ? "" : MatricesText(report);
  StrAppend(&text, "\npackage: ", WithThousands(report.package_bytes), " bytes",
            report.matrices.empty() ? "" : ", embeddings, tables and tokenizer included", "\n");
  for (const auto& [measure, value] : report.accuracy) {
    StrAppend(&text, measure, ": ", FormatFixed(value, 5), "\n");
  }
  if (report.series.has_value()) StrAppend(&text, PlaceText(*report.series));
  for (const auto& [key, value] : report.provenance) {
    if (!value.empty()) StrAppend(&text, key, ": ", value, "\n");
  }
  return text;
}

OrderedJson PackageReportJson(const PackageReport& report) {
  OrderedJson matrices = OrderedJson::array();
  for (const MatrixReport& matrix : report.matrices) {
    matrices.push_back({{"name", matrix.name},
                        {"pattern", matrix.pattern},
                        {"rows", matrix.rows},
                        {"columns", matrix.columns},
                        {"dense_bytes", matrix.dense_bytes()},
                        {"packed_bytes", matrix.packed_bytes()},
                        {"value_bytes", matrix.value_bytes},
                        {"position_bytes", matrix.position_bytes},
                        {"position_bound_bytes", PositionBoundBytes(matrix)},
                        {"ratio", Ratio(matrix.dense_bytes(), matrix.packed_bytes())}});
  }
  const Totals totals = Sum(report);
  const int64_t packed_bytes = ClampedSum(totals.value_bytes, totals.position_bytes);
  OrderedJson json = {{"matrices", std::move(matrices)},
                      {"total",
                       {{"dense_bytes", totals.dense_bytes},
                        {"packed_bytes", packed_bytes},
                        {"position_bytes", totals.position_bytes},
                        {"position_bound_bytes", totals.position_bound_bytes},
                        {"ratio", Ratio(totals.dense_bytes, packed_bytes)},
                        {"density", DensityOf(report)}}},
                      {"package_bytes", report.package_bytes},
                      {"accuracy", report.accuracy},
                      {"provenance", report.provenance}};
  if (report.series.has_value()) json["series"] = SeriesPlaceJson(*report.series);
  return json;
}

}  // namespace sta::client
