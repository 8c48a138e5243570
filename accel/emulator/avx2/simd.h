// SPDX-License-Identifier: Apache-2.0
//
// What the kernels of this folder share: loads and stores, and look-ups in 256-byte tables. For
// these sources only; everything has internal linkage, so that no copy leaves a translation unit
// compiled with wide vectors.
#ifndef ACCEL_EMULATOR_AVX2_SIMD_H_
#define ACCEL_EMULATOR_AVX2_SIMD_H_

#include <immintrin.h>

#include <cstdint>

#include "accel/emulator/kernel_macros.h"

namespace sta::emulator::avx2 {
namespace {

STA_INLINE __m256i Load(const void* p) { return _mm256_load_si256(static_cast<const __m256i*>(p)); }
STA_INLINE void Store(void* p, __m256i x) { _mm256_store_si256(static_cast<__m256i*>(p), x); }
STA_INLINE __m128i Load16(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
STA_INLINE void Store16(void* p, __m128i x) { _mm_storeu_si128(static_cast<__m128i*>(p), x); }

// The 16 bytes at p in both halves.
STA_INLINE __m256i Broadcast16(const uint8_t* p) { return _mm256_broadcastsi128_si256(Load16(p)); }
// The four bytes at p in every lane.
STA_INLINE __m256i Broadcast4(const void* p) {
  return _mm256_set1_epi32(*static_cast<const int32_t*>(p));
}

// To undo what packing 32-bit lanes to bytes does to the order of words of four bytes.
STA_INLINE __m256i Reorder(__m256i packed) {
  return _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

// where the highest bit of a byte of `choice` is set, one's byte, else zero's
STA_INLINE __m256i Choose(__m256i choice, __m256i zero, __m256i one) {
  return _mm256_blendv_epi8(zero, one, choice);
}

// table[index]: sixteen look-ups by the low half of the index, and a tree of choices by the bits of
// its high half.
STA_INLINE __m256i Lookup(const uint8_t* table, __m256i index) {
  const __m256i place = _mm256_and_si256(index, _mm256_set1_epi8(0x0F));
  const __m256i bit4 = _mm256_slli_epi16(index, 3);
  const __m256i bit5 = _mm256_slli_epi16(index, 2);
  const __m256i bit6 = _mm256_slli_epi16(index, 1);
  __m256i quarters[4];
  STA_UNROLL(4)
  for (int q = 0; q < 4; ++q) {
    __m256i parts[4];
    STA_UNROLL(4)
    for (int i = 0; i < 4; ++i) {
      parts[i] = _mm256_shuffle_epi8(Broadcast16(table + 64 * q + 16 * i), place);
    }
    quarters[q] = Choose(bit5, Choose(bit4, parts[0], parts[1]), Choose(bit4, parts[2], parts[3]));
  }
  return Choose(index, Choose(bit6, quarters[0], quarters[1]),
                Choose(bit6, quarters[2], quarters[3]));
}

}  // namespace
}  // namespace sta::emulator::avx2

#endif  // ACCEL_EMULATOR_AVX2_SIMD_H_
