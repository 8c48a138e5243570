// SPDX-License-Identifier: Apache-2.0
//
// LayerNorm and the int8 view of its result for AVX-512: sums, squares, results of all rows.
// CPU condition: dispatch.cc.
//
// d = sat16(x - mean) is one saturating subtraction where the mean is an int16. It can lie outside
// by up to 4 (its reciprocal is rounded): then subtracting the nearest int16 first and the rest
// second saturates at the same end, so the result is the same.
#include <cstdint>

#include "accel/emulator/avx512/avx512.h"
#include "accel/emulator/avx512/simd.h"

namespace sta::emulator::avx512 {
namespace {

constexpr int64_t kLanes = 32;

STA_INLINE __m512i Load(const int16_t* x) { return _mm512_load_si512(x); }

// The lanes of the vector at `column` that lie inside the row.
STA_INLINE __mmask32 LanesOf(int64_t column, int64_t width) {
  const int64_t rest = width - column;
  return rest >= kLanes ? 0xFFFFFFFFu : (uint32_t{1} << rest) - 1;
}

int64_t SumOf(const int16_t* x, int64_t width) {
  const __m512i ones = _mm512_set1_epi16(1);
  __m512i sums = _mm512_setzero_si512();
  for (int64_t c = 0; c < width; c += kLanes) {
    const __m512i values = _mm512_maskz_mov_epi16(LanesOf(c, width), Load(x + c));
    sums = _mm512_add_epi32(sums, _mm512_madd_epi16(values, ones));
  }
  return _mm512_reduce_add_epi32(sums);
}

struct Mean {
  __m512i near;  // inside int16
  __m512i rest;
};

STA_INLINE __m512i Subtract(__m512i x, const Mean& mean) {
  return _mm512_subs_epi16(_mm512_subs_epi16(x, mean.near), mean.rest);
}

// The sum of two squares is at most 2^31: read as uint32 it is right, its sum needs 64 bits.
uint64_t SquaresOf(const int16_t* x, int64_t width, const Mean& mean) {
  const __m512i low_halves = _mm512_set1_epi64(0xFFFFFFFF);
  __m512i even = _mm512_setzero_si512();
  __m512i odd = _mm512_setzero_si512();
  for (int64_t c = 0; c < width; c += kLanes) {
    const __m512i d = _mm512_maskz_mov_epi16(LanesOf(c, width), Subtract(Load(x + c), mean));
    const __m512i squares = _mm512_madd_epi16(d, d);
    even = _mm512_add_epi64(even, _mm512_and_si512(squares, low_halves));
    odd = _mm512_add_epi64(odd, _mm512_srli_epi64(squares, 32));
  }
  return static_cast<uint64_t>(_mm512_reduce_add_epi64(_mm512_add_epi64(even, odd)));
}

// sat16(rsh(d * mantissa, shift)) * gain + bias.
STA_INLINE __m512i Normalize(__m512i d, __m512i mantissa, __m512i half, __m128i shift, __m512i gain,
                             __m512i bias) {
  const __m512i low = _mm512_mullo_epi16(d, mantissa);
  const __m512i high = _mm512_mulhi_epi16(d, mantissa);
  const __m512i first =
      _mm512_sra_epi32(_mm512_add_epi32(_mm512_unpacklo_epi16(low, high), half), shift);
  const __m512i second =
      _mm512_sra_epi32(_mm512_add_epi32(_mm512_unpackhi_epi16(low, high), half), shift);
  const __m512i n = _mm512_packs_epi32(first, second);
  return _mm512_adds_epi16(_mm512_mulhrs_epi16(n, gain), bias);
}

// clip8(mulhrs(y, view)) of 32 channels, as codes.
STA_INLINE __m256i View(__m512i y, const int16_t* view) {
  const __m512i scaled = _mm512_mulhrs_epi16(y, Load(view));
  const __m256i clipped = _mm256_max_epi8(_mm512_cvtsepi16_epi8(scaled), _mm256_set1_epi8(-127));
  return _mm256_xor_si256(clipped, _mm256_set1_epi8(static_cast<char>(0x80)));
}

// A row's constants.
struct Constants {
  Mean mean;
  RowScale scale;
};

void Apply(const LayerNormArgs& args, int64_t row, const Constants& constants) {
  const int16_t* const x = args.x + row * args.stride;
  int16_t* const y = args.y + row * args.stride;
  const __m512i mantissa = _mm512_set1_epi16(static_cast<int16_t>(constants.scale.mantissa));
  const __m512i half = _mm512_set1_epi32((1 << constants.scale.shift) >> 1);
  const __m128i shift = _mm_cvtsi32_si128(constants.scale.shift);
  for (int64_t c = 0; c < args.width; c += kLanes) {
    const __m512i result = Normalize(Subtract(Load(x + c), constants.mean), mantissa, half, shift,
                                     Load(args.gain + c), Load(args.bias + c));
    _mm512_store_si512(y + c, result);
    if (args.view == nullptr) continue;
    uint8_t* const cell = args.y8 + c / kChunkChannels * args.y8_chunk_stride +
                          row * kChunkChannels + c % kChunkChannels;
    _mm256_store_si256(reinterpret_cast<__m256i*>(cell), View(result, args.view + c));
  }
}

Mean MeanOf(const LayerNormArgs& args, int64_t row) {
  const int64_t sum = SumOf(args.x + row * args.stride, args.width);
  const int64_t mean = (sum * args.mean_reciprocal + (int64_t{1} << 23)) >> 24;
  const int64_t near = mean > 32767 ? 32767 : mean < -32768 ? -32768 : mean;
  return {_mm512_set1_epi16(static_cast<int16_t>(near)),
          _mm512_set1_epi16(static_cast<int16_t>(mean - near))};
}

}  // namespace

// Step by step for all rows, not row by row: the steps of different rows overlap in the processor,
// those of one row wait for each other.
void LayerNorm(const LayerNormArgs& args) {
  Constants constants[kMaxBlockRows];
  for (int64_t row = 0; row < args.rows; ++row) constants[row].mean = MeanOf(args, row);
  uint64_t squares[kMaxBlockRows];
  for (int64_t row = 0; row < args.rows; ++row) {
    squares[row] = SquaresOf(args.x + row * args.stride, args.width, constants[row].mean);
  }
  for (int64_t row = 0; row < args.rows; ++row) {
    constants[row].scale = ReciprocalSquareRoot(squares[row] + args.epsilon);
  }
  for (int64_t row = 0; row < args.rows; ++row) Apply(args, row, constants[row]);
}

}  // namespace sta::emulator::avx512
