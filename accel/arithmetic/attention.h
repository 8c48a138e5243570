// SPDX-License-Identifier: Apache-2.0
//
// The two requantizations of attention: docs/arithmetic.md section 7. Between them stand softmax.h
// and reciprocal.h:
//
//   t[j]  = AttentionLogit(sum_c q[c] * k[j][c], s, m);
//   Z     = SoftmaxRow(t, P);
//   r     = Reciprocal(Z);
//   mr    = ContextRowMultiplier(r, cm);                          // once a row
//   c8[c] = Context(sum_j P[j] * v[j][c], r.exponent - k, mr);
#ifndef ACCEL_ARITHMETIC_ATTENTION_H_
#define ACCEL_ARITHMETIC_ATTENTION_H_

#include <cstdint>

#include "accel/arithmetic/primitives.h"
#include "accel/arithmetic/reciprocal.h"

namespace sta::arithmetic {

// The longest sequence: keeps 127 * 127 * tokens, and with it every accumulator, far inside int32.
inline constexpr int64_t kMaxSequenceTokens = 65536;

// The int16 logit, in steps of 1/32 octave. shift 0..31, multiplier 0..32767.
constexpr int16_t AttentionLogit(int32_t accumulator, int32_t shift, int16_t multiplier) {
  return static_cast<int16_t>(
      MultiplyHighRounded(Saturate16(RoundingShiftRight(accumulator, shift)), multiplier));
}

// mr; context_multiplier is cm, 1..32767.
constexpr int32_t ContextRowMultiplier(RowReciprocal reciprocal, int32_t context_multiplier) {
  return MultiplyHighRounded(reciprocal.mantissa, context_multiplier);
}

// `shift` is n - k, at least 0 because Z >= 127 and k <= 6.
constexpr int8_t Context(int32_t accumulator, int32_t shift, int32_t row_multiplier) {
  return Clip8(
      MultiplyHighRounded(Saturate16(RoundingShiftRight(accumulator, shift)), row_multiplier));
}

}  // namespace sta::arithmetic

#endif  // ACCEL_ARITHMETIC_ATTENTION_H_
