// SPDX-License-Identifier: Apache-2.0
//
// FloatType: how the numbers of an output are sent, and the conversions to it: to the nearest, ties
// to even; what is too large becomes an infinity. Pure functions.
#ifndef SERVER_SERVICES_FLOAT_TYPE_H_
#define SERVER_SERVICES_FLOAT_TYPE_H_

#include <bit>
#include <cstdint>

namespace sta {

enum class FloatType { kFp32, kFp16, kBf16 };

// The bits of an IEEE binary16.
inline uint16_t ToFp16(float value) {
  constexpr uint32_t kInfinity = 0x7F80'0000;
  constexpr uint32_t kFirstTooLarge = 0x477F'F000;   // 65520, half way beyond the largest
  constexpr uint32_t kSmallestNormal = 0x3880'0000;  // 2^-14
  constexpr uint32_t kExponentShift = 0x3800'0000;   // the biases differ by 112
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16U) & 0x8000U);
  const uint32_t magnitude = bits & 0x7FFF'FFFFU;
  if (magnitude > kInfinity) return sign | 0x7E00U;  // NaN
  if (magnitude >= kFirstTooLarge) return sign | 0x7C00U;
  if (magnitude < kSmallestNormal) {
    // Numbers from 0.5 to 1 are 2^-24 apart, as subnormal halves are: the sum rounds as it should.
    const float sum = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<uint16_t>(sign |
                                 (std::bit_cast<uint32_t>(sum) - std::bit_cast<uint32_t>(0.5F)));
  }
  const uint32_t rounded = magnitude - kExponentShift + 0xFFFU + ((magnitude >> 13U) & 1U);
  return static_cast<uint16_t>(sign | (rounded >> 13U));
}

// The bits of a bfloat16: the upper half of a float.
inline uint16_t ToBf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const bool is_nan = (bits & 0x7FFF'FFFFU) > 0x7F80'0000U;
  if (is_nan) return static_cast<uint16_t>((bits >> 16U) | 0x40U);
  return static_cast<uint16_t>((bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U);
}

}  // namespace sta

#endif  // SERVER_SERVICES_FLOAT_TYPE_H_
