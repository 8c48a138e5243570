// SPDX-License-Identifier: Apache-2.0
//
// LayerNorm and the int8 view of its result for AVX2, a row at a time: sums, squares, result.
// CPU condition: dispatch.cc.
//
// d = sat16(x - mean) is one saturating subtraction where the mean is an int16. It can lie outside
// by up to 4 (its reciprocal is rounded): then subtracting the nearest int16 first and the rest
// second saturates at the same end, so the result is the same.
#include <immintrin.h>

#include <cstdint>

#include "accel/emulator/avx2/avx2.h"
#include "accel/emulator/avx2/simd.h"

namespace sta::emulator::avx2 {
namespace {

constexpr int64_t kLanes = 16;

// All bits of the lanes of the vector at `column` that lie inside the row.
STA_INLINE __m256i LanesOf(int64_t column, int64_t width) {
  const int64_t rest = width - column < kLanes ? width - column : kLanes;
  return _mm256_cmpgt_epi16(
      _mm256_set1_epi16(static_cast<int16_t>(rest)),
      _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

STA_INLINE int64_t AddLanes64(__m256i x) {
  const __m128i halves = _mm_add_epi64(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  return _mm_cvtsi128_si64(halves) + _mm_extract_epi64(halves, 1);
}

int64_t SumOf(const int16_t* x, int64_t width) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums = _mm256_setzero_si256();
  for (int64_t c = 0; c < width; c += kLanes) {
    const __m256i values = _mm256_and_si256(LanesOf(c, width), Load(x + c));
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(values, ones));
  }
  const __m128i halves =
      _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  const __m128i quarters = _mm_add_epi32(halves, _mm_unpackhi_epi64(halves, halves));
  return _mm_cvtsi128_si32(quarters) + _mm_extract_epi32(quarters, 1);
}

struct Mean {
  __m256i near;  // inside int16
  __m256i rest;
};

STA_INLINE __m256i Subtract(__m256i x, const Mean& mean) {
  return _mm256_subs_epi16(_mm256_subs_epi16(x, mean.near), mean.rest);
}

// The sum of two squares is at most 2^31: read as uint32 it is right, its sum needs 64 bits.
uint64_t SquaresOf(const int16_t* x, int64_t width, const Mean& mean) {
  const __m256i low_halves = _mm256_set1_epi64x(0xFFFFFFFF);
  __m256i even = _mm256_setzero_si256();
  __m256i odd = _mm256_setzero_si256();
  for (int64_t c = 0; c < width; c += kLanes) {
    const __m256i d = _mm256_and_si256(LanesOf(c, width), Subtract(Load(x + c), mean));
    const __m256i squares = _mm256_madd_epi16(d, d);
    even = _mm256_add_epi64(even, _mm256_and_si256(squares, low_halves));
    odd = _mm256_add_epi64(odd, _mm256_srli_epi64(squares, 32));
  }
  return static_cast<uint64_t>(AddLanes64(_mm256_add_epi64(even, odd)));
}

// sat16(rsh(d * mantissa, shift)) * gain + bias.
STA_INLINE __m256i Normalize(__m256i d, __m256i mantissa, __m256i half, __m128i shift, __m256i gain,
                             __m256i bias) {
  const __m256i low = _mm256_mullo_epi16(d, mantissa);
  const __m256i high = _mm256_mulhi_epi16(d, mantissa);
  const __m256i first =
      _mm256_sra_epi32(_mm256_add_epi32(_mm256_unpacklo_epi16(low, high), half), shift);
  const __m256i second =
      _mm256_sra_epi32(_mm256_add_epi32(_mm256_unpackhi_epi16(low, high), half), shift);
  const __m256i n = _mm256_packs_epi32(first, second);
  return _mm256_adds_epi16(_mm256_mulhrs_epi16(n, gain), bias);
}

// clip8(mulhrs(y, view)) of sixteen channels.
STA_INLINE __m128i View(__m256i y, const int16_t* view) {
  const __m256i scaled = _mm256_mulhrs_epi16(y, Load(view));
  const __m128i packed =
      _mm_packs_epi16(_mm256_castsi256_si128(scaled), _mm256_extracti128_si256(scaled, 1));
  return _mm_max_epi8(packed, _mm_set1_epi8(-127));
}

void Row(const LayerNormArgs& args, int64_t row) {
  const int16_t* const x = args.x + row * args.stride;
  const int64_t mean = (SumOf(x, args.width) * args.mean_reciprocal + (int64_t{1} << 23)) >> 24;
  const int64_t near = mean > 32767 ? 32767 : mean < -32768 ? -32768 : mean;
  const Mean means = {_mm256_set1_epi16(static_cast<int16_t>(near)),
                      _mm256_set1_epi16(static_cast<int16_t>(mean - near))};
  const RowScale scale = ReciprocalSquareRoot(SquaresOf(x, args.width, means) + args.epsilon);

  const __m256i mantissa = _mm256_set1_epi16(static_cast<int16_t>(scale.mantissa));
  const __m256i half = _mm256_set1_epi32((1 << scale.shift) >> 1);
  const __m128i shift = _mm_cvtsi32_si128(scale.shift);
  int16_t* const y = args.y + row * args.stride;
  for (int64_t c = 0; c < args.width; c += kLanes) {
    const __m256i result = Normalize(Subtract(Load(x + c), means), mantissa, half, shift,
                                     Load(args.gain + c), Load(args.bias + c));
    Store(y + c, result);
    if (args.view == nullptr) continue;
    uint8_t* const cell = args.y8 + c / kChunkChannels * args.y8_chunk_stride +
                          row * kChunkChannels + c % kChunkChannels;
    Store16(cell, View(result, args.view + c));
  }
}

}  // namespace

void LayerNorm(const LayerNormArgs& args) {
  for (int64_t row = 0; row < args.rows; ++row) Row(args, row);
}

}  // namespace sta::emulator::avx2
