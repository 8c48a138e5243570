// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/quantize_embeddings.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sta {
namespace {

constexpr double kRowCodeLimit = 127.0;
constexpr double kLargestMultiplier = 32767.0;
constexpr int32_t kMaxShift = 15;

// Square error of a row in codes of `scale`.
double RowError(const Eigen::RowVectorXd& row, double scale) {
  const auto codes = (row.array() / scale).rint().max(-kRowCodeLimit).min(kRowCodeLimit);
  return (row.array() - codes * scale).square().sum();
}

// The multiplier of one row, which is in steps of S_e times 2^shift: the best of a few below
// absmax / 127, since clipping the largest value may spare all others.
double BestMultiplier(const Eigen::RowVectorXd& row) {
  const double largest =
      std::clamp(std::ceil(row.cwiseAbs().maxCoeff() / kRowCodeLimit), 1.0, kLargestMultiplier);
  double best = largest;
  double best_error = std::numeric_limits<double>::infinity();
  for (const double factor : {1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7}) {
    const double multiplier = std::max(1.0, std::rint(factor * largest));
    const double error = RowError(row, multiplier);
    if (error < best_error) {
      best_error = error;
      best = multiplier;
    }
  }
  return best;
}

QuantizedTable QuantizeTable(const Matrix& table, double step) {
  QuantizedTable result = {.rows = table.rows(), .columns = table.cols()};
  if (table.rows() == 0) return result;
  // The finest shift at which the largest row's multiplier fits int16.
  const double largest = table.cwiseAbs().maxCoeff() / step / kRowCodeLimit;
  while (result.shift < kMaxShift &&
         std::ceil(std::ldexp(largest, result.shift + 1)) <= kLargestMultiplier) {
    ++result.shift;
  }
  result.codes.reserve(static_cast<size_t>(table.size()));
  const double scale = std::ldexp(1.0 / step, result.shift);
  for (Eigen::Index r = 0; r < table.rows(); ++r) {
    const Eigen::RowVectorXd row = table.row(r).cast<double>() * scale;
    const double multiplier = BestMultiplier(row);
    result.multipliers.push_back(static_cast<int16_t>(multiplier));
    for (const double value : row) {
      result.codes.push_back(static_cast<int8_t>(
          std::clamp(std::rint(value / multiplier), -kRowCodeLimit, kRowCodeLimit)));
    }
  }
  return result;
}

}  // namespace

QuantizedEmbeddings QuantizeEmbeddings(const FloatEncoder& encoder) {
  Matrix position = encoder.position;
  Matrix token_type = Matrix::Zero(encoder.token_type.rows(), encoder.word.cols());
  if (encoder.token_type.rows() > 0) position.rowwise() += encoder.token_type.row(0);
  if (encoder.token_type.rows() > 1) {
    token_type.row(1) = encoder.token_type.row(1) - encoder.token_type.row(0);
  }
  QuantizedEmbeddings result;
  result.step =
      (double{encoder.word.cwiseAbs().maxCoeff()} + double{position.cwiseAbs().maxCoeff()}) /
      32767.0;
  if (result.step <= 0.0) result.step = 1.0;  // a model of zeros
  result.word = QuantizeTable(encoder.word, result.step);
  result.position = QuantizeTable(position, result.step);
  result.token_type = QuantizeTable(token_type, result.step);
  return result;
}

}  // namespace sta
