// SPDX-License-Identifier: Apache-2.0
//
// What the kernels of this folder share: products of broadcast words, and look-ups in 256-byte
// tables. For these sources only; everything has internal linkage, so that no copy leaves a
// translation unit compiled with wide vectors.
#ifndef ACCEL_EMULATOR_AVX512_SIMD_H_
#define ACCEL_EMULATOR_AVX512_SIMD_H_

#include <cstdint>

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 warns of its own intrinsics, whose undefined operands are meant so (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include "accel/emulator/kernel_macros.h"

namespace sta::emulator::avx512 {
namespace {

STA_INLINE __m512i AddZeroCode(__m512i bytes) {
  return _mm512_xor_si512(bytes, _mm512_set1_epi8(static_cast<char>(0x80)));
}

// sums += four u8 * s8 products a lane. GCC 12 copies the accumulator of the intrinsic to and fro.
STA_INLINE void MultiplyAdd(__m512i& sums, __m512i u8, __m512i s8) {
  __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(u8), "v"(s8));
}

// sums[row][w] += four products a lane, of the four bytes at x + row * kRowBytes, broadcast, and
// w[w], for rows kRow .. R - 1. The words are the u8 operand where kWordsAreUnsigned, else the s8
// one. Spelt out because GCC 12 would load all rows' words first and run out of registers.
#define STA_WORD(dots, ...)                                                             \
  __asm__("vpbroadcastd %c[place](%[x]), %[word]\n\t" dots                              \
          : [word] "=&v"(word), __VA_ARGS__, [x] "r"(x), [place] "i"(kRow * kRowBytes), \
            "m"(*reinterpret_cast<const Words*>(x)))
#define STA_DOT_UNSIGNED(i) "vpdpbusd %[w" #i "], %[word], %[sum" #i "]\n\t"
#define STA_DOT_SIGNED(i) "vpdpbusd %[word], %[w" #i "], %[sum" #i "]\n\t"
#define STA_DOT_SUM(i) [sum##i] "+v"(sums[kRow][i])
#define STA_DOT_W(i) [w##i] "v"(w[i])
template <bool kWordsAreUnsigned, int kRowBytes, int kRow = 0, int kWide, int R>
STA_INLINE void MultiplyWords(const uint8_t* x, const __m512i (&w)[kWide],
                              __m512i (&sums)[R][kWide]) {
  if constexpr (kRow < R) {
    using Words = uint8_t[(R - 1) * kRowBytes + 4];
    __m512i word;
    if constexpr (kWordsAreUnsigned) {
      static_assert(kWide == 4);
      STA_WORD(STA_DOT_UNSIGNED(0) STA_DOT_UNSIGNED(1) STA_DOT_UNSIGNED(2) STA_DOT_UNSIGNED(3),
               STA_DOT_SUM(0), STA_DOT_SUM(1), STA_DOT_SUM(2), STA_DOT_SUM(3)
               : STA_DOT_W(0), STA_DOT_W(1), STA_DOT_W(2), STA_DOT_W(3));
    } else if constexpr (kWide == 4) {
      STA_WORD(STA_DOT_SIGNED(0) STA_DOT_SIGNED(1) STA_DOT_SIGNED(2) STA_DOT_SIGNED(3),
               STA_DOT_SUM(0), STA_DOT_SUM(1), STA_DOT_SUM(2), STA_DOT_SUM(3)
               : STA_DOT_W(0), STA_DOT_W(1), STA_DOT_W(2), STA_DOT_W(3));
    } else if constexpr (kWide == 2) {
      STA_WORD(STA_DOT_SIGNED(0) STA_DOT_SIGNED(1), STA_DOT_SUM(0), STA_DOT_SUM(1)
               : STA_DOT_W(0), STA_DOT_W(1));
    } else {
      static_assert(kWide == 1);
      STA_WORD(STA_DOT_SIGNED(0), STA_DOT_SUM(0) : STA_DOT_W(0));
    }
    MultiplyWords<kWordsAreUnsigned, kRowBytes, kRow + 1>(x, w, sums);
  }
}
#undef STA_WORD
#undef STA_DOT_UNSIGNED
#undef STA_DOT_SIGNED
#undef STA_DOT_SUM
#undef STA_DOT_W

// A table of 256 bytes in registers.
struct Table {
  __m512i quarters[4];
};

// `bytes` is aligned to 64.
STA_INLINE Table LoadTable(const uint8_t* bytes) {
  return {{_mm512_load_si512(bytes), _mm512_load_si512(bytes + 64), _mm512_load_si512(bytes + 128),
           _mm512_load_si512(bytes + 192)}};
}

STA_INLINE __m512i Lookup(const Table& table, __m512i index) {
  const __m512i low = _mm512_permutex2var_epi8(table.quarters[0], index, table.quarters[1]);
  const __m512i high = _mm512_permutex2var_epi8(table.quarters[2], index, table.quarters[3]);
  return _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high);
}

}  // namespace
}  // namespace sta::emulator::avx512

#endif  // ACCEL_EMULATOR_AVX512_SIMD_H_
