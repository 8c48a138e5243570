// SPDX-License-Identifier: Apache-2.0
//
// The residual sum: docs/arithmetic.md section 4. Both operands have the same step.
#ifndef ACCEL_ARITHMETIC_RESIDUAL_H_
#define ACCEL_ARITHMETIC_RESIDUAL_H_

#include <cstdint>

#include "accel/arithmetic/primitives.h"

namespace sta::arithmetic {

constexpr int16_t ResidualAdd(int16_t x, int16_t y) { return Saturate16(int32_t{x} + y); }

}  // namespace sta::arithmetic

#endif  // ACCEL_ARITHMETIC_RESIDUAL_H_
