// SPDX-License-Identifier: Apache-2.0
//
// Weight products for AVX-512 with VBMI and VNNI. CPU condition: dispatch.cc.
//
// Activations are u8 = q + 128 (1..255), weights s8, so vpdpbusd multiplies them; the accumulators
// start at bias - 128 * (sum of weights), which cancels the 128s. No product saturates: four
// products are at most 4 * 255 * 127, and the running sum stays inside int32 for K <= 4096
// (docs/arithmetic.md section 1), whatever the order: every partial sum is within
// |bias| + 128 * 127 * 4096 + 255 * 127 * 4096 < 1.28e9.
//
// Sparse layout. Sixteen output channels are the 32-bit lanes of a vector. For each chunk of 64
// inputs there are `steps` steps; byte t of lane l in step s is the non-zero j = 4 s + t of channel
// l in this chunk (weight 0 beyond the last). vpermb gathers those inputs from the row's cell, one
// vector for all sixteen channels, then vpdpbusd multiplies. Two layouts of the positions:
//  - nibbles, for m <= 16: two steps a unit of 192 bytes: 64 bytes of places inside the groups (low
//    nibble the even step, high nibble the odd one), then the two vectors of weights. `patterns`
//    holds the first place of each non-zero's group, one vector a step: (j / n) * m. An odd last
//    step is paired with one of zero weights, which is stored but not computed.
//  - bytes, for m = 32: 64 bytes of positions in the chunk, 64 bytes of weights.
// Order of the stream: [channel groups][chunks][steps].
//
// Dense layout: [channels / 64][K / 4][64 channels][4 inputs]: four vectors a quad of inputs. Six
// rows' quads, broadcast, meet them in 24 accumulators.
#include "accel/emulator/avx512/avx512.h"
#include "accel/emulator/avx512/simd.h"

namespace sta::emulator::avx512 {
namespace {

// Section 6 for four rows of sixteen channels: 32-bit lane 4 l + r holds channels 4 l .. 4 l + 3 of
// row r. `classes` has a bit a channel; where none is set the second table is not touched.
STA_INLINE __m512i Gelu(const LinearArgs& args, const Table& narrow, uint16_t classes,
                        __m512i codes) {
  const __m512i result = Lookup(narrow, codes);
  if (classes == 0) return result;
  // Each nibble of classes four times, once a row.
  const uint64_t nibbles = _pdep_u64(classes, 0x000F000F000F000Full);
  return _mm512_mask_blend_epi8(nibbles * 0x1111u, result,
                                Lookup(LoadTable(args.gelu_tables + 256), codes));
}

// The first GELU table, which the loops over channels keep in registers; nothing without a GELU.
STA_INLINE Table NarrowTable(const LinearArgs& args) {
  return args.output == LinearOutput::kInt8Gelu ? LoadTable(args.gelu_tables) : Table{};
}

// Requantizes rows 0..R-1 of sixteen channels from `acc` and stores them as rows row0.. of the
// block, channels 16 * group onwards.
template <int R>
STA_INLINE void Finish(const LinearArgs& args, const Table& narrow, int64_t group, int64_t row0,
                       const __m512i (&acc)[R]) {
  const __m512i shift = _mm512_load_si512(args.shift + group * kChannelGroup);
  const __m512i multiplier = _mm512_load_si512(args.multiplier + 2 * group * kChannelGroup);
  // Two rows a vector: lane l holds channels 4 l .. 4 l + 3 of the first row, then of the second.
  constexpr int kPairs = (R + 1) / 2;
  __m512i pairs[kPairs];
  STA_UNROLL(6)
  for (int p = 0; p < kPairs; ++p) {
    const __m512i first = _mm512_srav_epi32(acc[2 * p], shift);
    const __m512i second = 2 * p + 1 < R ? _mm512_srav_epi32(acc[(2 * p + 1) % R], shift) : first;
    pairs[p] = _mm512_mulhrs_epi16(_mm512_packs_epi32(first, second), multiplier);
  }

  if (args.output == LinearOutput::kInt8 || args.output == LinearOutput::kInt8Gelu) {
    uint8_t* const cell = args.y8 + group / 4 * args.y8_chunk_stride + row0 * kChunkChannels +
                          group % 4 * kChannelGroup;
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    STA_UNROLL(3)
    for (int quad = 0; quad < R; quad += 4) {
      const __m512i low = pairs[quad / 2];
      const __m512i high = quad + 2 < R ? pairs[(quad / 2 + 1) % kPairs] : low;
      __m512i y = _mm512_packs_epi16(low, high);
      if (args.output == LinearOutput::kInt8Gelu) {
        y = Gelu(args, narrow, args.gelu_class[group], AddZeroCode(y));
      } else {
        y = AddZeroCode(_mm512_max_epi8(y, _mm512_set1_epi8(-127)));
      }
      y = _mm512_permutexvar_epi32(order, y);
      uint8_t* const out = cell + quad * kChunkChannels;
      _mm_store_si128(reinterpret_cast<__m128i*>(out), _mm512_castsi512_si128(y));
      if (quad + 1 < R) {
        _mm_store_si128(reinterpret_cast<__m128i*>(out + kChunkChannels),
                        _mm512_extracti32x4_epi32(y, 1));
      }
      if (quad + 2 < R) {
        _mm_store_si128(reinterpret_cast<__m128i*>(out + 2 * kChunkChannels),
                        _mm512_extracti32x4_epi32(y, 2));
      }
      if (quad + 3 < R) {
        _mm_store_si128(reinterpret_cast<__m128i*>(out + 3 * kChunkChannels),
                        _mm512_extracti32x4_epi32(y, 3));
      }
    }
    return;
  }

  const int64_t offset = row0 * args.y16_stride + group * kChannelGroup;
  const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  STA_UNROLL(6)
  for (int p = 0; p < kPairs; ++p) {
    const __m512i y = _mm512_permutexvar_epi64(order, pairs[p]);
    __m256i first = _mm512_castsi512_si256(y);
    __m256i second = _mm512_extracti64x4_epi64(y, 1);
    const int64_t at = offset + 2 * p * args.y16_stride;
    const bool has_second = 2 * p + 1 < R;
    if (args.output == LinearOutput::kInt16Residual) {
      const int16_t* const residual = args.residual + at;
      first =
          _mm256_adds_epi16(first, _mm256_load_si256(reinterpret_cast<const __m256i*>(residual)));
      if (has_second) {
        second = _mm256_adds_epi16(
            second,
            _mm256_load_si256(reinterpret_cast<const __m256i*>(residual + args.y16_stride)));
      }
    }
    _mm256_store_si256(reinterpret_cast<__m256i*>(args.y16 + at), first);
    if (has_second) {
      _mm256_store_si256(reinterpret_cast<__m256i*>(args.y16 + at + args.y16_stride), second);
    }
  }
}

// One step for rows kFirst .. kFirst + kCount - 1: all gathers, then all products, which is the
// order that the scheduler of Zen 5 likes best, six at a time. Spelt out because GCC 12 orders them
// as it likes, loads the chunk's cells before the loop over its steps only to keep them on the
// stack, and copies accumulators between registers.
template <int kFirst, int kCount, int R>
STA_INLINE void MultiplyRows(const uint8_t* x, __m512i index, __m512i weights, __m512i (&acc)[R]) {
  static_assert(kCount <= 6);
  using Cells = uint8_t[R * kChunkChannels];
  [[maybe_unused]] __m512i gathered0, gathered1, gathered2, gathered3, gathered4, gathered5;
#define STA_GATHER(i) "vpermb %c[place" #i "](%[x]), %[index], %[gathered" #i "]\n\t"
#define STA_MULTIPLY(i) "vpdpbusd %[weights], %[gathered" #i "], %[sum" #i "]\n\t"
#define STA_SUM(i) [sum##i] "+v"(acc[kFirst + (i)])
#define STA_GATHERED(i) [gathered##i] "=&v"(gathered##i)
#define STA_PLACE(i) [place##i] "i"((kFirst + (i)) * kChunkChannels)
#define STA_STEP \
  [index] "v"(index), [weights] "v"(weights), [x] "r"(x), "m"(*reinterpret_cast<const Cells*>(x))
  if constexpr (kCount == 1) {
    __asm__(STA_GATHER(0) STA_MULTIPLY(0) : STA_SUM(0), STA_GATHERED(0) : STA_STEP, STA_PLACE(0));
  } else if constexpr (kCount == 2) {
    __asm__(STA_GATHER(0) STA_GATHER(1) STA_MULTIPLY(0) STA_MULTIPLY(1)
            : STA_SUM(0), STA_SUM(1), STA_GATHERED(0), STA_GATHERED(1)
            : STA_STEP, STA_PLACE(0), STA_PLACE(1));
  } else if constexpr (kCount == 3) {
    __asm__(STA_GATHER(0) STA_GATHER(1) STA_GATHER(2) STA_MULTIPLY(0) STA_MULTIPLY(1)
                STA_MULTIPLY(2)
            : STA_SUM(0), STA_SUM(1), STA_SUM(2), STA_GATHERED(0), STA_GATHERED(1), STA_GATHERED(2)
            : STA_STEP, STA_PLACE(0), STA_PLACE(1), STA_PLACE(2));
  } else if constexpr (kCount == 4) {
    __asm__(STA_GATHER(0) STA_GATHER(1) STA_GATHER(2) STA_GATHER(3) STA_MULTIPLY(0) STA_MULTIPLY(1)
                STA_MULTIPLY(2) STA_MULTIPLY(3)
            : STA_SUM(0), STA_SUM(1), STA_SUM(2), STA_SUM(3), STA_GATHERED(0), STA_GATHERED(1),
              STA_GATHERED(2), STA_GATHERED(3)
            : STA_STEP, STA_PLACE(0), STA_PLACE(1), STA_PLACE(2), STA_PLACE(3));
  } else if constexpr (kCount == 5) {
    __asm__(STA_GATHER(0) STA_GATHER(1) STA_GATHER(2) STA_GATHER(3) STA_GATHER(4) STA_MULTIPLY(0)
                STA_MULTIPLY(1) STA_MULTIPLY(2) STA_MULTIPLY(3) STA_MULTIPLY(4)
            : STA_SUM(0), STA_SUM(1), STA_SUM(2), STA_SUM(3), STA_SUM(4), STA_GATHERED(0),
              STA_GATHERED(1), STA_GATHERED(2), STA_GATHERED(3), STA_GATHERED(4)
            : STA_STEP, STA_PLACE(0), STA_PLACE(1), STA_PLACE(2), STA_PLACE(3), STA_PLACE(4));
  } else if constexpr (kCount == 6) {
    __asm__(STA_GATHER(0) STA_GATHER(1) STA_GATHER(2) STA_GATHER(3) STA_GATHER(4) STA_GATHER(5)
                STA_MULTIPLY(0) STA_MULTIPLY(1) STA_MULTIPLY(2) STA_MULTIPLY(3) STA_MULTIPLY(4)
                    STA_MULTIPLY(5)
            : STA_SUM(0), STA_SUM(1), STA_SUM(2), STA_SUM(3), STA_SUM(4), STA_SUM(5),
              STA_GATHERED(0), STA_GATHERED(1), STA_GATHERED(2), STA_GATHERED(3), STA_GATHERED(4),
              STA_GATHERED(5)
            : STA_STEP, STA_PLACE(0), STA_PLACE(1), STA_PLACE(2), STA_PLACE(3), STA_PLACE(4),
              STA_PLACE(5));
  }
#undef STA_GATHER
#undef STA_MULTIPLY
#undef STA_SUM
#undef STA_GATHERED
#undef STA_PLACE
#undef STA_STEP
}

// One step for all rows.
template <int R>
STA_INLINE void Multiply(const uint8_t* x, __m512i index, __m512i weights, __m512i (&acc)[R]) {
  if constexpr (R <= 6) {
    MultiplyRows<0, R>(x, index, weights, acc);
  } else {
    constexpr int kHalf = (R + 1) / 2;
    MultiplyRows<0, kHalf>(x, index, weights, acc);
    MultiplyRows<kHalf, R - kHalf>(x, index, weights, acc);
  }
}

// How far ahead the weights are asked for: a page, because the processor's own prefetching ends at
// the page's end. It matters where a model does not fit into the caches.
constexpr int64_t kPrefetchBytes = 4096;

// (v & 0x0f) | base
STA_INLINE __m512i NibbleIndex(__m512i v, __m512i base) {
  constexpr int kAndOr = 0xEA;  // (a & b) | c
  return _mm512_ternarylogic_epi32(v, _mm512_set1_epi8(0x0F), base, kAndOr);
}

template <int R>
void SparseNibbles(const LinearArgs& args) {
  const MatrixView& matrix = args.matrix;
  const int64_t groups = (matrix.output_channels + kChannelGroup - 1) / kChannelGroup;
  const int64_t pairs = matrix.steps / 2;
  const uint8_t* stream = matrix.weights;
  const Table narrow = NarrowTable(args);
  for (int64_t group = 0; group < groups; ++group) {
    __m512i acc[R];
    const __m512i start = _mm512_load_si512(args.start + group * kChannelGroup);
    STA_UNROLL(12)
    for (int r = 0; r < R; ++r) acc[r] = start;
    const uint8_t* x = args.x;
    for (int64_t chunk = 0; chunk < matrix.input_chunks; ++chunk, x += args.x_chunk_stride) {
      const uint8_t* base = matrix.patterns;
      for (int64_t pair = 0; pair < pairs; ++pair, stream += 192, base += 128) {
        const __m512i nibbles = _mm512_load_si512(stream);
        _mm_prefetch(stream + kPrefetchBytes, _MM_HINT_T0);
        _mm_prefetch(stream + kPrefetchBytes + 64, _MM_HINT_T0);
        _mm_prefetch(stream + kPrefetchBytes + 128, _MM_HINT_T0);
        Multiply<R>(x, NibbleIndex(nibbles, _mm512_load_si512(base)),
                    _mm512_load_si512(stream + 64), acc);
        Multiply<R>(x, NibbleIndex(_mm512_srli_epi16(nibbles, 4), _mm512_load_si512(base + 64)),
                    _mm512_load_si512(stream + 128), acc);
      }
      if (matrix.steps % 2 != 0) {
        Multiply<R>(x, NibbleIndex(_mm512_load_si512(stream), _mm512_load_si512(base)),
                    _mm512_load_si512(stream + 64), acc);
        stream += 128;
      }
    }
    Finish<R>(args, narrow, group, 0, acc);
  }
}

template <int R>
void SparseBytes(const LinearArgs& args) {
  const MatrixView& matrix = args.matrix;
  const int64_t groups = (matrix.output_channels + kChannelGroup - 1) / kChannelGroup;
  const uint8_t* stream = matrix.weights;
  const Table narrow = NarrowTable(args);
  for (int64_t group = 0; group < groups; ++group) {
    __m512i acc[R];
    const __m512i start = _mm512_load_si512(args.start + group * kChannelGroup);
    STA_UNROLL(12)
    for (int r = 0; r < R; ++r) acc[r] = start;
    const uint8_t* x = args.x;
    for (int64_t chunk = 0; chunk < matrix.input_chunks; ++chunk, x += args.x_chunk_stride) {
      for (int64_t step = 0; step < matrix.steps; ++step, stream += 128) {
        Multiply<R>(x, _mm512_load_si512(stream), _mm512_load_si512(stream + 64), acc);
      }
    }
    Finish<R>(args, narrow, group, 0, acc);
  }
}

constexpr int kDenseRows = 6;
constexpr int64_t kQuadBytes = 4 * 64;  // weights of four inputs and 64 channels

template <int R>
void DenseRows(const LinearArgs& args, int64_t row0) {
  const MatrixView& matrix = args.matrix;
  const int64_t chunks_out = (matrix.output_channels + kChunkChannels - 1) / kChunkChannels;
  const uint8_t* weights = matrix.weights;
  const Table narrow = NarrowTable(args);
  for (int64_t out = 0; out < chunks_out; ++out) {
    __m512i sums[R][4];
    STA_UNROLL(4)
    for (int v = 0; v < 4; ++v) {
      const __m512i start =
          _mm512_load_si512(args.start + out * kChunkChannels + v * kChannelGroup);
      STA_UNROLL(6)
      for (int r = 0; r < R; ++r) sums[r][v] = start;
    }
    const uint8_t* x = args.x + row0 * kChunkChannels;
    for (int64_t chunk = 0; chunk < matrix.input_chunks; ++chunk, x += args.x_chunk_stride) {
      for (int64_t quad = 0; quad < kChunkChannels; quad += 4, weights += kQuadBytes) {
        const __m512i w[4] = {_mm512_load_si512(weights), _mm512_load_si512(weights + 64),
                              _mm512_load_si512(weights + 128), _mm512_load_si512(weights + 192)};
        MultiplyWords<true, kChunkChannels>(x + quad, w, sums);
      }
    }
    STA_UNROLL(4)
    for (int v = 0; v < 4; ++v) {
      __m512i acc[R];
      STA_UNROLL(6)
      for (int r = 0; r < R; ++r) acc[r] = sums[r][v];
      Finish<R>(args, narrow, 4 * out + v, row0, acc);
    }
  }
}

void Dense(const LinearArgs& args) {
  static constexpr void (*kRows[])(const LinearArgs&, int64_t) = {
      nullptr, DenseRows<1>, DenseRows<2>, DenseRows<3>, DenseRows<4>, DenseRows<5>, DenseRows<6>};
  const int64_t parts = (args.rows + kDenseRows - 1) / kDenseRows;
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t first = args.rows * part / parts;
    kRows[args.rows * (part + 1) / parts - first](args, first);
  }
}

using Kernel = void (*)(const LinearArgs&);
constexpr Kernel kNibbles[kMaxBlockRows + 1] = {
    nullptr,           SparseNibbles<1>,  SparseNibbles<2>, SparseNibbles<3>, SparseNibbles<4>,
    SparseNibbles<5>,  SparseNibbles<6>,  SparseNibbles<7>, SparseNibbles<8>, SparseNibbles<9>,
    SparseNibbles<10>, SparseNibbles<11>, SparseNibbles<12>};
constexpr Kernel kBytes[kMaxBlockRows + 1] = {
    nullptr,         SparseBytes<1>,  SparseBytes<2>, SparseBytes<3>, SparseBytes<4>,
    SparseBytes<5>,  SparseBytes<6>,  SparseBytes<7>, SparseBytes<8>, SparseBytes<9>,
    SparseBytes<10>, SparseBytes<11>, SparseBytes<12>};

}  // namespace

void Linear(const LinearArgs& args) {
  const MatrixView& matrix = args.matrix;
  if (matrix.is_dense) return Dense(args);
  const Kernel* const kernels = matrix.patterns != nullptr ? kNibbles : kBytes;
  kernels[args.rows](args);
}

}  // namespace sta::emulator::avx512
