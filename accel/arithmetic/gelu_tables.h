// SPDX-License-Identifier: Apache-2.0
//
// Makes the tables of gelu.h at conversion time, in double precision: docs/arithmetic.md section
// 9.8. Never used at run time: a package carries its tables.
#ifndef ACCEL_ARITHMETIC_GELU_TABLES_H_
#define ACCEL_ARITHMETIC_GELU_TABLES_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

#include "accel/arithmetic/gelu.h"

namespace sta::arithmetic {

// Codes on both sides of a GELU: value = step * (code - zero); a wide channel's steps are
// `wide_ratio` times larger.
struct GeluCodes {
  double input_step = 1.0;   // > 0
  int32_t input_zero = 0;    // z_in, -127..127
  double output_step = 1.0;  // > 0
  int32_t output_zero = 0;   // z_out, -127..127
  double wide_ratio = 4.0;   // of class 1
};

// GELU with erf.
inline double GeluValue(double x) { return 0.5 * x * (1.0 + std::erf(x / std::numbers::sqrt2)); }

inline GeluTables MakeGeluTables(const GeluCodes& codes) {
  GeluTables tables{};
  for (size_t channel_class = 0; channel_class < tables.size(); ++channel_class) {
    const double ratio = channel_class == 0 ? 1.0 : codes.wide_ratio;
    for (int32_t u = -128; u <= 127; ++u) {
      const double x = ratio * codes.input_step * (std::max(u, -127) - codes.input_zero);
      const double code =
          std::floor(GeluValue(x) / (ratio * codes.output_step) + 0.5) + codes.output_zero;
      tables[channel_class][static_cast<size_t>(u + int64_t{128})] =
          static_cast<int8_t>(std::clamp(code, -127.0, 127.0));
    }
  }
  return tables;
}

}  // namespace sta::arithmetic

#endif  // ACCEL_ARITHMETIC_GELU_TABLES_H_
