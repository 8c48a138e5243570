// SPDX-License-Identifier: Apache-2.0
//
// Softmax without its division: docs/arithmetic.md section 7. Probabilities stay unnormalized 7-bit
// codes; their sum Z goes to reciprocal.h and from there into the context (attention.h).
#ifndef ACCEL_ARITHMETIC_SOFTMAX_H_
#define ACCEL_ARITHMETIC_SOFTMAX_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sta::arithmetic {

// E[d] = floor(127 * 2^(-d / 32) + 0.5) for d < 255; E[255] = 0, so that "far below" is exactly
// zero (leaving it at 1 ruins long texts). Written out because no integer recurrence is exact.
inline constexpr std::array<uint8_t, 256> kExpTable = {
    127, 124, 122, 119, 116, 114, 112, 109, 107, 105, 102, 100, 98, 96, 94, 92, 90, 88, 86, 84,
    82,  81,  79,  77,  76,  74,  72,  71,  69,  68,  66,  65,  64, 62, 61, 60, 58, 57, 56, 55,
    53,  52,  51,  50,  49,  48,  47,  46,  45,  44,  43,  42,  41, 40, 39, 39, 38, 37, 36, 35,
    35,  34,  33,  32,  32,  31,  30,  30,  29,  28,  28,  27,  27, 26, 26, 25, 24, 24, 23, 23,
    22,  22,  21,  21,  21,  20,  20,  19,  19,  18,  18,  18,  17, 17, 17, 16, 16, 16, 15, 15,
    15,  14,  14,  14,  13,  13,  13,  13,  12,  12,  12,  11,  11, 11, 11, 11, 10, 10, 10, 10,
    9,   9,   9,   9,   9,   8,   8,   8,   8,   8,   8,   7,   7,  7,  7,  7,  7,  7,  6,  6,
    6,   6,   6,   6,   6,   5,   5,   5,   5,   5,   5,   5,   5,  5,  5,  4,  4,  4,  4,  4,
    4,   4,   4,   4,   4,   4,   3,   3,   3,   3,   3,   3,   3,  3,  3,  3,  3,  3,  3,  3,
    3,   3,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,   2,  2,  2,  2,  2,  2,  2,  2,
    2,   2,   2,   2,   2,   1,   1,   1,   1,   1,   1,   1,   1,  1,  1,  1,  1,  1,  1,  1,
    1,   1,   1,   1,   1,   1,   1,   1,   1,   1,   1,   1,   1,  1,  1,  1,  1,  1,  1,  1,
    1,   1,   1,   1,   1,   1,   1,   1,   1,   1,   1,   1,   1,  1,  1,  0};

// E of the distance of logit `t` below the row's maximum. The distance may be 65535.
constexpr uint8_t Probability(int16_t maximum, int16_t t) {
  return kExpTable[static_cast<size_t>(std::min(int32_t{maximum} - t, 255))];
}

// Writes P of a row of logits and returns Z, 127 <= Z <= 127 * logits.size(). At least one logit;
// `probabilities` has the same size.
constexpr int32_t SoftmaxRow(std::span<const int16_t> logits, std::span<uint8_t> probabilities) {
  const int16_t maximum = *std::max_element(logits.begin(), logits.end());
  int32_t sum = 0;
  for (size_t j = 0; j < logits.size(); ++j) {
    probabilities[j] = Probability(maximum, logits[j]);
    sum += probabilities[j];
  }
  return sum;
}

}  // namespace sta::arithmetic

#endif  // ACCEL_ARITHMETIC_SOFTMAX_H_
