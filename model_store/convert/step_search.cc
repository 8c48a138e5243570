// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/step_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sta {
namespace {

constexpr double kCodeLimit = 127.0;
constexpr double kGeluLowest = -0.17;  // GELU's minimum is -0.1700 (at -0.7518)

double Clip(double code) { return std::clamp(code, -kCodeLimit, kCodeLimit); }

// `count` values from `first` to 1, each a constant times the one before.
std::vector<double> GeometricFractions(double first, int count) {
  std::vector<double> fractions;
  fractions.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    fractions.push_back(std::pow(first, 1.0 - static_cast<double>(i) / (count - 1)));
  }
  return fractions;
}

// Mean square error of rounding `sample` to step * (code - zero).
double RoundingError(const Matrix& sample, double step, double zero) {
  const auto values = sample.array();
  const auto inverse = static_cast<float>(1.0 / step);
  const auto offset = static_cast<float>(zero);
  constexpr auto kLimit = static_cast<float>(kCodeLimit);
  const auto codes = (values * inverse + offset).rint().max(-kLimit).min(kLimit);
  return (values - (codes - offset) * static_cast<float>(step)).cast<double>().square().mean();
}

}  // namespace

double MeanSquareStep(const Matrix& sample, double maximum) {
  if (maximum <= 0.0) return 1.0;
  double best_step = maximum / kCodeLimit;
  double best_error = std::numeric_limits<double>::infinity();
  for (const double fraction : GeometricFractions(0.12, 40)) {
    const double step = fraction * maximum / kCodeLimit;
    const double error = RoundingError(sample, step, 0.0);
    if (error < best_error) {
      best_error = error;
      best_step = step;
    }
  }
  return best_step;
}

AsymmetricCodes GeluOutputCodes(const Matrix& sample, double maximum) {
  AsymmetricCodes best;
  double best_error = std::numeric_limits<double>::infinity();
  for (const double fraction : GeometricFractions(0.15, 24)) {
    const double step = (fraction * maximum - kGeluLowest) / (2 * kCodeLimit);
    const double zero = std::round(-kCodeLimit - kGeluLowest / step);
    const double error = RoundingError(sample, step, zero);
    if (error < best_error) {
      best_error = error;
      best = {.step = step, .zero = static_cast<int32_t>(zero)};
    }
  }
  return best;
}

QuantizedRow QuantizeRow(const Eigen::VectorXd& weights, const Eigen::VectorXd& input_power,
                         double zero_row_step) {
  QuantizedRow row = {.step = zero_row_step,
                      .codes = std::vector<int8_t>(static_cast<size_t>(weights.size()))};
  const double maximum = weights.cwiseAbs().maxCoeff();
  if (maximum <= 0.0) return row;
  double best_error = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 13; ++i) {
    const double step = (0.4 + 0.05 * i) * maximum / kCodeLimit;
    double error = 0.0;
    for (Eigen::Index k = 0; k < weights.size(); ++k) {
      const double difference = weights[k] - step * Clip(std::rint(weights[k] / step));
      error += input_power[k] * difference * difference;
    }
    if (error <= best_error) {
      best_error = error;
      row.step = step;
    }
  }
  for (Eigen::Index k = 0; k < weights.size(); ++k) {
    row.codes[static_cast<size_t>(k)] = static_cast<int8_t>(Clip(std::rint(weights[k] / row.step)));
  }
  return row;
}

}  // namespace sta
