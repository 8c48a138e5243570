// SPDX-License-Identifier: Apache-2.0
#include "client/commands/package_report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
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

}  // namespace

int64_t MatrixReport::dense_bytes() const {
  return ClampedProduct(ClampedProduct(rows, columns), sizeof(float));
}

int64_t MatrixReport::packed_bytes() const { return ClampedSum(value_bytes, position_bytes); }

double PositionBoundBytes(const MatrixReport& matrix) {
  const size_t colon = matrix.pattern.find(':');
  int64_t n = 0;
  int64_t m = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(matrix.pattern.substr(0, colon), &n) ||
      !absl::SimpleAtoi(matrix.pattern.substr(colon + 1), &m) || n < 1 || m < n || m > 32) {
    return 0;
  }
  const int64_t full_groups = matrix.columns / m;
  const int64_t tail = matrix.columns % m;
  const double row_bits =
      static_cast<double>(full_groups) * Log2Binomial(m, n) + Log2Binomial(tail, std::min(n, tail));
  return static_cast<double>(matrix.rows) * row_bits / 8;
}

std::string PackageReportText(const PackageReport& report) {
  std::string text = report.matrices.empty() ? "" : MatricesText(report);
  StrAppend(&text, "\npackage: ", WithThousands(report.package_bytes), " bytes",
            report.matrices.empty() ? "" : ", embeddings, tables and tokenizer included", "\n");
  for (const auto& [measure, value] : report.accuracy) {
    StrAppend(&text, measure, ": ", FormatFixed(value, 5), "\n");
  }
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
  return {{"matrices", std::move(matrices)},
          {"total",
           {{"dense_bytes", totals.dense_bytes},
            {"packed_bytes", packed_bytes},
            {"position_bytes", totals.position_bytes},
            {"position_bound_bytes", totals.position_bound_bytes},
            {"ratio", Ratio(totals.dense_bytes, packed_bytes)}}},
          {"package_bytes", report.package_bytes},
          {"accuracy", report.accuracy},
          {"provenance", report.provenance}};
}

}  // namespace sta::client
