// SPDX-License-Identifier: Apache-2.0
//
// Choosing quantization steps: docs/arithmetic.md section 9. Pure functions; thread-safe.
#ifndef MODEL_STORE_CONVERT_STEP_SEARCH_H_
#define MODEL_STORE_CONVERT_STEP_SEARCH_H_

#include <cstdint>
#include <vector>

#include "model_store/convert/float_encoder.h"

namespace sta {

// "mse(v)": the step s that minimizes mean((v - s*clip8(rint(v/s)))^2) over 40 geometric steps from
// 0.12 to 1 times maximum / 127. `maximum` is the largest magnitude ever seen (the sample may have
// missed it). 1 where everything is zero.
double MeanSquareStep(const Matrix& sample, double maximum);

// A GELU output's codes: value = step * (code - zero). The lower end is -0.17, the upper end the
// best of 24 geometric fractions (0.15 to 1) of `maximum`. `sample` is already divided by the
// channels' ratios.
struct AsymmetricCodes {
  double step = 1.0;
  int32_t zero = 0;
};
AsymmetricCodes GeluOutputCodes(const Matrix& sample, double maximum);

// One output channel's weights in steps: the step among 13 factors (0.4 to 1) of absmax/127 that
// minimizes sum_k input_power[k] * (w - wq)^2. Zero weights stay zero. A row of zeros gets
// `zero_row_step`.
struct QuantizedRow {
  double step = 1.0;
  std::vector<int8_t> codes;
};
QuantizedRow QuantizeRow(const Eigen::VectorXd& weights, const Eigen::VectorXd& input_power,
                         double zero_row_step);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_STEP_SEARCH_H_
