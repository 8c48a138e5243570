// SPDX-License-Identifier: Apache-2.0
//
// LayerNorm of one int16 row: docs/arithmetic.md section 5. sqrt(H) is folded into the gain.
#ifndef ACCEL_ARITHMETIC_LAYER_NORM_H_
#define ACCEL_ARITHMETIC_LAYER_NORM_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "accel/arithmetic/primitives.h"
#include "accel/arithmetic/rsqrt.h"

namespace sta::arithmetic {

// The widest row, and the largest epsilon: together they keep W < 2^43.
inline constexpr int64_t kMaxHiddenSize = 4096;
inline constexpr int64_t kMaxLayerNormEpsilon = int64_t{1} << 31;

// M = floor(2^24 / H + 0.5); H in 1..4096.
constexpr int64_t MeanReciprocal(int64_t hidden_size) {
  return ((int64_t{1} << 25) + hidden_size) / (2 * hidden_size);
}

// The mean of a row whose values sum to `sum`.
constexpr int32_t LayerNormMean(int64_t sum, int64_t mean_reciprocal) {
  return static_cast<int32_t>((sum * mean_reciprocal + (int64_t{1} << 23)) >> 24);
}

// n[c] from d[c]: n / 2^15 is d / sqrt(W).
constexpr int16_t LayerNormNormalize(int16_t d, ReciprocalSquareRoot rsqrt) {
  return Saturate16(RoundingShiftRight(d * rsqrt.mantissa, rsqrt.shift));
}

// out[c] from n[c].
constexpr int16_t LayerNormScale(int16_t n, int16_t gain, int16_t bias) {
  return Saturate16(MultiplyHighRounded(n, gain) + bias);
}

// `x`, `gain`, `bias` and `output` have the same size, 1..4096; epsilon 1..2^31; gain and bias are
// never -32768. `output` may be `x`.
inline void LayerNormRow(std::span<const int16_t> x, std::span<const int16_t> gain,
                         std::span<const int16_t> bias, int64_t epsilon,
                         std::span<int16_t> output) {
  int64_t sum = 0;
  for (const int16_t value : x) sum += value;
  const int32_t mean = LayerNormMean(sum, MeanReciprocal(static_cast<int64_t>(x.size())));

  auto w = static_cast<uint64_t>(epsilon);
  for (const int16_t value : x) {
    const int64_t d = Saturate16(value - mean);
    w += static_cast<uint64_t>(d * d);
  }
  const ReciprocalSquareRoot rsqrt = Rsqrt(w);

  for (size_t c = 0; c < x.size(); ++c) {
    const int16_t n = LayerNormNormalize(Saturate16(x[c] - mean), rsqrt);
    output[c] = LayerNormScale(n, gain[c], bias[c]);
  }
}

}  // namespace sta::arithmetic

#endif  // ACCEL_ARITHMETIC_LAYER_NORM_H_
