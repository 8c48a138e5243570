// SPDX-License-Identifier: Apache-2.0
//
// The int8 view of the residual stream for the next product: docs/arithmetic.md section 4.
#ifndef ACCEL_ARITHMETIC_INT8_VIEW_H_
#define ACCEL_ARITHMETIC_INT8_VIEW_H_

#include <cstdint>

#include "accel/arithmetic/primitives.h"

namespace sta::arithmetic {

// `multiplier` is the channel's k, 1..32767.
constexpr int8_t Int8View(int16_t x, int16_t multiplier) {
  return Clip8(MultiplyHighRounded(x, multiplier));
}

}  // namespace sta::arithmetic

#endif  // ACCEL_ARITHMETIC_INT8_VIEW_H_
