// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/prune.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "strings/str_cat.h"

namespace sta {
namespace {

// The largest number of non-zero weights in any group of m columns.
int MostNonZero(const Matrix& weight, int m) {
  int most = 0;
  for (Eigen::Index row = 0; row < weight.rows(); ++row) {
    for (Eigen::Index begin = 0; begin < weight.cols(); begin += m) {
      const Eigen::Index width = std::min<Eigen::Index>(m, weight.cols() - begin);
      const auto group = weight.row(row).segment(begin, width);
      most = std::max(most, static_cast<int>((group.array() != 0.0f).count()));
    }
  }
  return most;
}

}  // namespace

void PruneByMagnitude(Pattern pattern, Matrix& weight) {
  if (pattern.IsDense()) return;
  std::vector<Eigen::Index> order;
  for (Eigen::Index row = 0; row < weight.rows(); ++row) {
    for (Eigen::Index begin = 0; begin < weight.cols(); begin += pattern.m) {
      auto group =
          weight.row(row).segment(begin, std::min<Eigen::Index>(pattern.m, weight.cols() - begin));
      order.resize(static_cast<size_t>(group.size()));
      std::iota(order.begin(), order.end(), Eigen::Index{0});
      std::ranges::stable_sort(order, std::ranges::greater{},
                               [&](Eigen::Index i) { return std::abs(group[i]); });
      for (size_t i = static_cast<size_t>(pattern.n); i < order.size(); ++i) group[order[i]] = 0.0f;
    }
  }
}

Pattern FindPattern(const Matrix& weight) {
  Pattern best = Pattern::Dense();
  for (const int m : {4, 8, 16, 32}) {
    const int n = std::max(1, MostNonZero(weight, m));
    // n / m < best.n / best.m, without rounding.
    if (n < m && n * best.m < best.n * m) best = {n, m};
  }
  return best;
}

bool FitsPattern(Pattern pattern, const Matrix& weight) {
  return pattern.IsDense() || MostNonZero(weight, pattern.m) <= pattern.n;
}

absl::Status CheckZeros(const PatternAssignment& assignment, FloatEncoder& encoder) {
  for (FloatLayer& layer : encoder.layers) {
    for (const FloatLinear* linear : layer.Linears()) {
      const PatternChoice choice = assignment.For(linear->name);
      if (choice.has_value() && !FitsPattern(*choice, linear->weight)) {
        return absl::InvalidArgumentError(StrCat("matrix '", linear->name,
                                                 "' has more weights than ", choice->ToString(),
                                                 " leaves: it was not trained for that"));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, Pattern>> PruneEncoder(const PatternAssignment& assignment,
                                                            FloatEncoder& encoder) {
  std::vector<FloatLinear*> linears;
  std::vector<std::string> names;
  for (FloatLayer& layer : encoder.layers) {
    for (FloatLinear* linear : layer.Linears()) {
      linears.push_back(linear);
      names.push_back(linear->name);
    }
  }
  if (absl::Status fits = assignment.CheckAgainst(names); !fits.ok()) return fits;
  std::map<std::string, Pattern> patterns;
  for (FloatLinear* linear : linears) {
    const PatternChoice choice = assignment.For(linear->name);
    const Pattern pattern = choice.has_value() ? *choice : FindPattern(linear->weight);
    if (!choice.has_value() && pattern.IsDense()) {
      return absl::InvalidArgumentError(StrCat("matrix '", linear->name,
                                               "' fits no sparse pattern; give it one, such as '",
                                               linear->name, "=dense' after 'keep'"));
    }
    PruneByMagnitude(pattern, linear->weight);
    patterns[linear->name] = pattern;
  }
  return patterns;
}

}  // namespace sta
