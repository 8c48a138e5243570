// SPDX-License-Identifier: Apache-2.0
//
// The five scalar functions that every other operation is made of: docs/arithmetic.md section 2.
// `>>` is an arithmetic shift everywhere; ties round towards plus infinity.
//
// The headers of accel/arithmetic are the specification in code: pure functions, scalar, written to
// be read. They check nothing; each comment names the ranges in which its result is specified.
#ifndef ACCEL_ARITHMETIC_PRIMITIVES_H_
#define ACCEL_ARITHMETIC_PRIMITIVES_H_

#include <algorithm>
#include <bit>
#include <cstdint>

namespace sta::arithmetic {

// To -32768..32767.
constexpr int16_t Saturate16(int64_t x) {
  return static_cast<int16_t>(std::clamp<int64_t>(x, -32768, 32767));
}

// To -127..127: -128 never occurs in an operand of a product.
constexpr int8_t Clip8(int64_t x) { return static_cast<int8_t>(std::clamp<int64_t>(x, -127, 127)); }

// Multiplies by b / 2^15. Specified for a and b in the range of int16; the result fits int16 unless
// both are -32768, which no multiplier ever is.
constexpr int32_t MultiplyHighRounded(int32_t a, int32_t b) { return (a * b + 16384) >> 15; }

// Divides by 2^shift, 0 <= shift <= 31; x plus half of 2^shift must fit int32.
constexpr int32_t RoundingShiftRight(int32_t x, int32_t shift) {
  // shift >= 0, which the analyzer cannot see where it comes from FloorLog2.
  // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult)
  return shift == 0 ? x : (x + (int32_t{1} << (shift - 1))) >> shift;
}

// Position of the highest set bit; x >= 1.
constexpr int32_t FloorLog2(uint64_t x) { return static_cast<int32_t>(std::bit_width(x)) - 1; }

}  // namespace sta::arithmetic

#endif  // ACCEL_ARITHMETIC_PRIMITIVES_H_
