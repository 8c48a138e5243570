// SPDX-License-Identifier: Apache-2.0
//
// The constants of a package from the real numbers of a calibrated model, in double precision:
// docs/arithmetic.md section 9.3 to 9.7. Used at conversion time only.
//
//   auto scale = QuantMultiplier(s_in * s_w / s_out, kInt8OutputBits);
//   if (!scale.has_value()) ...                       // a ratio that is no positive finite number
//   auto bias = FoldBias({.bias = b / (s_in * s_w), .scale = *scale, ...});
#ifndef ACCEL_ARITHMETIC_QUANT_MULTIPLIER_H_
#define ACCEL_ARITHMETIC_QUANT_MULTIPLIER_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "accel/arithmetic/layer_norm.h"
#include "accel/arithmetic/requantize.h"

namespace sta::arithmetic {

// `bits` of QuantMultiplier: what the output is used for.
inline constexpr int kInt8OutputBits = 12;
inline constexpr int kLogitBits = 13;
inline constexpr int kInt16OutputBits = 15;

// A shift and a multiplier: ratio is about multiplier / 2^(15 + shift).
struct Scale {
  uint8_t shift = 0;       // 0..31
  int16_t multiplier = 0;  // 0..32767

  friend constexpr bool operator==(const Scale&, const Scale&) = default;
};

inline bool IsPositiveFinite(double x) { return std::isfinite(x) && x > 0.0; }

// Section 9.4. `bits` in 1..15. Nothing where `ratio` is not positive and finite. A ratio of 1 or
// more is beyond the format and gives the largest multiplier.
inline std::optional<Scale> QuantMultiplier(double ratio, int bits) {
  if (!IsPositiveFinite(ratio)) return std::nullopt;
  int shift = std::clamp(bits - 16 - std::ilogb(ratio), 0, 31);
  double m = std::floor(std::ldexp(ratio, 15 + shift) + 0.5);
  if (m == std::ldexp(1.0, bits) && shift > 0) {
    --shift;
    m /= 2;
  }
  return Scale{.shift = static_cast<uint8_t>(shift),
               .multiplier = static_cast<int16_t>(std::min(m, 32767.0))};
}

// What the bias of one output channel is made of, section 9.5.
struct BiasTerms {
  double bias = 0.0;        // b / (s_in * s_w)
  Scale scale = {};         // of the channel
  int32_t input_zero = 0;   // z_in
  int32_t output_zero = 0;  // z_out
  int64_t weight_sum = 0;   // sum_k wq[k]
};

// The folded bias, rounding constant included. Nothing where it leaves |bias| < 2^30.
inline std::optional<int32_t> FoldBias(const BiasTerms& terms) {
  double output_offset = 0.0;
  if (terms.output_zero != 0) {
    output_offset = std::ldexp(terms.output_zero, 15 + terms.scale.shift) / terms.scale.multiplier;
  }
  const double folded =
      std::rint(terms.bias + output_offset) -
      static_cast<double>(terms.input_zero) * static_cast<double>(terms.weight_sum) +
      static_cast<double>((int64_t{1} << terms.scale.shift) >> 1);
  if (!(std::abs(folded) < kBiasLimit)) return std::nullopt;  // false for NaN, too
  return static_cast<int32_t>(folded);
}

// Section 9.3: k of a channel whose smoothed view has step `view_step` and divisor `smoothing`.
// All three positive and finite.
inline int16_t Int8ViewMultiplier(double residual_step, double view_step, double smoothing) {
  return static_cast<int16_t>(
      std::clamp(std::rint(32768.0 * residual_step / (view_step * smoothing)), 1.0, 32767.0));
}

// Section 9.6: an int16 gain, gamma * sqrt(H) / S_next, or bias, beta / S_next, given the quotient.
// Nothing where it does not fit -32767..32767.
inline std::optional<int16_t> LayerNormConstant(double quotient) {
  const double rounded = std::rint(quotient);
  if (!(std::abs(rounded) <= 32767.0)) return std::nullopt;
  return static_cast<int16_t>(rounded);
}

// Section 9.6: `epsilon` of the float model, the residual step S of the LayerNorm's input.
inline int64_t LayerNormEpsilon(double epsilon, int64_t hidden_size, double input_step) {
  const double scaled =
      std::round(epsilon * static_cast<double>(hidden_size) / (input_step * input_step));
  return static_cast<int64_t>(
      std::min(static_cast<double>(kMaxLayerNormEpsilon), std::max(1.0, scaled)));
}

// Section 9.7.
struct ContextScale {
  int32_t shift = 0;       // k, 0..6
  int32_t multiplier = 1;  // cm, 1..32767

  friend constexpr bool operator==(const ContextScale&, const ContextScale&) = default;
};

// `ratio` is s_v / s_c. Nothing where it is not positive and finite, or so small that cm were 0.
inline std::optional<ContextScale> QuantContext(double ratio) {
  if (!IsPositiveFinite(ratio)) return std::nullopt;
  const int32_t shift = std::clamp(4 + std::ilogb(ratio), 0, 6);
  const double multiplier = std::min(32767.0, std::floor(std::ldexp(ratio, 15 - shift) + 0.5));
  if (multiplier < 1.0) return std::nullopt;
  return ContextScale{.shift = shift, .multiplier = static_cast<int32_t>(multiplier)};
}

}  // namespace sta::arithmetic

#endif  // ACCEL_ARITHMETIC_QUANT_MULTIPLIER_H_
