// SPDX-License-Identifier: Apache-2.0
//
// What attention.cc computes from, in the caller's scratch memory, and how keys, values and queries
// get there. For that source only: internal linkage, as in simd.h.
#ifndef ACCEL_EMULATOR_AVX2_ATTENTION_OPERANDS_H_
#define ACCEL_EMULATOR_AVX2_ATTENTION_OPERANDS_H_

#include <immintrin.h>

#include <cstdint>

#include "accel/emulator/avx2/avx2.h"
#include "accel/emulator/avx2/simd.h"

namespace sta::emulator::avx2 {
namespace {

inline constexpr int64_t kLanes = 8;
inline constexpr int64_t kKeyGroup = 4;

STA_INLINE int64_t RoundUp(int64_t x, int64_t multiple) {
  return (x + multiple - 1) / multiple * multiple;
}

// Views into the caller's scratch memory.
struct Scratch {
  int16_t* keys;           // [keys][head_stride]
  uint8_t* values;         // [keys / 4][head_stride][4]
  int16_t* logits;         // [keys][16], in vpackssdw's order
  uint8_t* probabilities;  // [keys / 4][2][8 queries][4]
  int16_t* queries;        // [head_stride / 2][2][8 queries][2]

  Scratch(uint8_t* memory, int64_t key_count, int64_t head_stride) {
    const int64_t padded = RoundUp(key_count, kKeyGroup);
    const auto take = [&memory](int64_t bytes) {
      uint8_t* const taken = memory;
      memory += RoundUp(bytes, 64);
      return taken;
    };
    keys = reinterpret_cast<int16_t*>(take(padded * head_stride * 2));
    values = take(padded * head_stride);
    logits = reinterpret_cast<int16_t*>(take(padded * kVectorBytes));
    probabilities = take(padded / kKeyGroup * 2 * kVectorBytes);
    queries = reinterpret_cast<int16_t*>(take(head_stride / 2 * 2 * kVectorBytes));
  }
};

STA_INLINE __m256i LoadWidened(const uint8_t* p) { return _mm256_cvtepi8_epi16(Load16(p)); }

STA_INLINE void PackKeys(const AttentionArgs& args, const Scratch& scratch) {
  int16_t* out = scratch.keys;
  for (int64_t j = 0; j < args.key_count; ++j) {
    const uint8_t* const key = args.keys + args.row_offsets[j];
    for (int64_t c = 0; c < args.head_stride; c += 16, out += 16) Store(out, LoadWidened(key + c));
  }
}

// Keys beyond the last repeat it; their probabilities are 0.
STA_INLINE void PackValues(const AttentionArgs& args, const Scratch& scratch) {
  uint8_t* out = scratch.values;
  for (int64_t j = 0; j < args.key_count; j += kKeyGroup) {
    const uint8_t* rows[kKeyGroup];
    for (int64_t i = 0; i < kKeyGroup; ++i) {
      const int64_t key = j + i < args.key_count ? j + i : args.key_count - 1;
      rows[i] = args.values + args.row_offsets[key];
    }
    for (int64_t c = 0; c < args.head_stride; c += 16, out += 64) {
      const __m128i a = Load16(rows[0] + c);
      const __m128i b = Load16(rows[1] + c);
      const __m128i x = Load16(rows[2] + c);
      const __m128i y = Load16(rows[3] + c);
      const __m128i ab_low = _mm_unpacklo_epi8(a, b);
      const __m128i ab_high = _mm_unpackhi_epi8(a, b);
      const __m128i xy_low = _mm_unpacklo_epi8(x, y);
      const __m128i xy_high = _mm_unpackhi_epi8(x, y);
      Store16(out, _mm_unpacklo_epi16(ab_low, xy_low));
      Store16(out + 16, _mm_unpackhi_epi16(ab_low, xy_low));
      Store16(out + 32, _mm_unpacklo_epi16(ab_high, xy_high));
      Store16(out + 48, _mm_unpackhi_epi16(ab_high, xy_high));
    }
  }
}

// Rows to columns, of 32-bit values.
STA_INLINE void Transpose(__m256i (&x)[8]) {
  __m256i pairs[8];
  STA_UNROLL(4)
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_epi32(x[i], x[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_epi32(x[i], x[i + 1]);
  }
  STA_UNROLL(2)
  for (int half = 0; half < 2; ++half) {
    const __m256i* const p = pairs + 4 * half;
    x[4 * half] = _mm256_unpacklo_epi64(p[0], p[2]);
    x[4 * half + 1] = _mm256_unpackhi_epi64(p[0], p[2]);
    x[4 * half + 2] = _mm256_unpacklo_epi64(p[1], p[3]);
    x[4 * half + 3] = _mm256_unpackhi_epi64(p[1], p[3]);
  }
  STA_UNROLL(4)
  for (int i = 0; i < 4; ++i) {
    const __m256i low = _mm256_permute2x128_si256(x[i], x[4 + i], 0x20);
    x[4 + i] = _mm256_permute2x128_si256(x[i], x[4 + i], 0x31);
    x[i] = low;
  }
}

// Transposes up to kVectors * 8 queries from `first` on; missing ones repeat the last.
template <int kVectors>
STA_INLINE void PackQueries(const AttentionArgs& args, const Scratch& scratch, int64_t first,
                            int64_t count) {
  for (int v = 0; v < kVectors; ++v) {
    const uint8_t* rows[kLanes];
    for (int64_t i = 0; i < kLanes; ++i) {
      const int64_t query = v * kLanes + i < count ? v * kLanes + i : count - 1;
      rows[i] = args.queries + args.row_offsets[first + query];
    }
    int16_t* out = scratch.queries + v * 16;
    for (int64_t c = 0; c < args.head_stride; c += 16) {
      __m256i x[kLanes];
      STA_UNROLL(8)
      for (int i = 0; i < kLanes; ++i) x[i] = LoadWidened(rows[i] + c);
      Transpose(x);
      STA_UNROLL(8)
      for (int i = 0; i < kLanes; ++i, out += kVectors * 16) Store(out, x[i]);
    }
  }
}

}  // namespace
}  // namespace sta::emulator::avx2

#endif  // ACCEL_EMULATOR_AVX2_ATTENTION_OPERANDS_H_
