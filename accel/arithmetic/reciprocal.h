// SPDX-License-Identifier: Apache-2.0
//
// Reciprocal of a softmax row's sum: docs/arithmetic.md section 7.
#ifndef ACCEL_ARITHMETIC_RECIPROCAL_H_
#define ACCEL_ARITHMETIC_RECIPROCAL_H_

#include <algorithm>
#include <cstdint>

#include "accel/arithmetic/primitives.h"

namespace sta::arithmetic {

// 1 / Z is about mantissa / 2^(15 + exponent).
struct RowReciprocal {
  int32_t mantissa = 0;  // r, 16384..32767
  int32_t exponent = 0;  // n = ilog2(Z)

  friend constexpr bool operator==(const RowReciprocal&, const RowReciprocal&) = default;
};

// sum >= 1 (a softmax row gives 127 at least).
constexpr RowReciprocal Reciprocal(int32_t sum) {
  const int32_t n = FloorLog2(static_cast<uint64_t>(sum));
  const int32_t z = n <= 15 ? sum << (15 - n) : sum >> (n - 15);
  // 2^15 <= z < 2^16, which the analyzer cannot see through FloorLog2.
  // NOLINTNEXTLINE(clang-analyzer-core.DivideZero)
  return {.mantissa = std::min(32767, (int32_t{1} << 30) / z), .exponent = n};
}

}  // namespace sta::arithmetic

#endif  // ACCEL_ARITHMETIC_RECIPROCAL_H_
