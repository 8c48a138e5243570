// SPDX-License-Identifier: Apache-2.0
//
// From a linear layer's accumulator to its output: docs/arithmetic.md section 3.
#ifndef ACCEL_ARITHMETIC_REQUANTIZE_H_
#define ACCEL_ARITHMETIC_REQUANTIZE_H_

#include <cstdint>

#include "accel/arithmetic/primitives.h"

namespace sta::arithmetic {

// The longest input dimension of a product, and the bound of a folded bias: together they keep
// |accumulator| <= 4096 * 127 * 127 + 2^30 < 2^31.
inline constexpr int64_t kMaxInputDimension = 4096;
inline constexpr int32_t kBiasLimit = int32_t{1} << 30;

// y16. `accumulator` starts at the folded bias, which holds the rounding constant of the shift;
// shift 0..31, multiplier 0..32767.
constexpr int16_t Requantize16(int32_t accumulator, int32_t shift, int16_t multiplier) {
  return static_cast<int16_t>(MultiplyHighRounded(Saturate16(accumulator >> shift), multiplier));
}

// y8: the same, clipped to -127..127.
constexpr int8_t Requantize8(int32_t accumulator, int32_t shift, int16_t multiplier) {
  return Clip8(Requantize16(accumulator, shift, multiplier));
}

}  // namespace sta::arithmetic

#endif  // ACCEL_ARITHMETIC_REQUANTIZE_H_
