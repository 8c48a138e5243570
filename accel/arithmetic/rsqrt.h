// SPDX-License-Identifier: Apache-2.0
//
// Reciprocal square root by table and one Newton step: docs/arithmetic.md section 5.
#ifndef ACCEL_ARITHMETIC_RSQRT_H_
#define ACCEL_ARITHMETIC_RSQRT_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "accel/arithmetic/primitives.h"

namespace sta::arithmetic {

// 1 / sqrt(W) is about mantissa / 2^(15 + shift).
struct ReciprocalSquareRoot {
  int32_t mantissa = 0;  // y, 16384..32767
  int32_t shift = 0;     // sh, 0..21

  friend constexpr bool operator==(const ReciprocalSquareRoot&,
                                   const ReciprocalSquareRoot&) = default;
};

inline constexpr size_t kRsqrtTableFirst = 64;

// R[64..255] at indices 0..191: floor(32768 / sqrt((i + 0.5) / 64) + 0.5), which is the largest r
// with (2r - 1)^2 * (2i + 1) <= 2^39: exact in integers.
inline constexpr std::array<uint16_t, 192> kRsqrtTable = [] {
  std::array<uint16_t, 192> table{};
  uint64_t r = 32768;
  for (size_t i = 0; i < table.size(); ++i) {
    const uint64_t odd = 2 * (i + kRsqrtTableFirst) + 1;
    while ((2 * r - 1) * (2 * r - 1) * odd > (uint64_t{1} << 39)) --r;
    table[i] = static_cast<uint16_t>(r);
  }
  return table;
}();

// W in 1..2^43.
constexpr ReciprocalSquareRoot Rsqrt(uint64_t w) {
  const int32_t p = FloorLog2(w) & ~1;
  const auto m = static_cast<uint32_t>(p <= 30 ? w << (30 - p) : w >> (p - 30));
  const uint32_t y0 = kRsqrtTable[(m >> 24) - kRsqrtTableFirst];
  const uint32_t t = (y0 * y0) >> 15;
  const uint32_t u = ((m >> 16) * t) >> 14;
  const uint32_t y = (y0 * (98304 - u)) >> 16;
  return {.mantissa = static_cast<int32_t>(y < 32767 ? y : 32767), .shift = p / 2};
}

}  // namespace sta::arithmetic

#endif  // ACCEL_ARITHMETIC_RSQRT_H_
