// SPDX-License-Identifier: Apache-2.0
//
// Weight products for AVX2. CPU condition: dispatch.cc.
//
// Bytes are the int8 values themselves (zero_code 0). vpmaddubsw multiplies |w| by x with w's sign,
// so two products add up to 2 * 127 * 127 at most and do not saturate; vpmaddwd with ones widens.
//
// A block of eight output channels is the 32-bit lanes of a vector; a step multiplies four inputs
// of each channel.
//
// Sparse layout. vpshufb gathers from sixteen inputs, so each chunk of 64 is four windows. A step
// takes its weights from one window, or from two or four with the gathers combined (a place with
// the highest bit set gives 0), which is how patterns sparser than 1:4 fill their steps. How many
// steps of each kind a chunk has may differ from one to the next (`patterns` holds
// [blocks][chunks] StepCounts), so any distribution of non-zeros fits. A step is 32 bytes of places
// for each of its windows, then 32 weights, byte t of lane l the t-th weight of channel l. Order of
// the stream: [blocks][chunks]; windows 0, 1, their pair, windows 2, 3, their pair, all four.
//
// Dense layout: [channels / 8][K / 4][8 channels][4 inputs].
//
// Twelve rows' accumulators leave four registers, which is what a step from one window needs;
// places and ones then come from memory, which is still faster than to go through the weights
// twice.
#include <immintrin.h>

#include <cstdint>

#include "accel/emulator/avx2/avx2.h"
#include "accel/emulator/avx2/simd.h"

namespace sta::emulator::avx2 {
namespace {

constexpr int64_t kBlocks = kChunkChannels / kBlockChannels;  // of a chunk

// Stores eight channels of R rows as int8.
template <int R>
STA_INLINE void StoreInt8(const LinearArgs& args, int64_t block,
                          const __m256i (&pairs)[(R + 1) / 2]) {
  constexpr int kPairs = (R + 1) / 2;
  uint8_t* const cell =
      args.y8 + block / kBlocks * args.y8_chunk_stride + block % kBlocks * kBlockChannels;
  STA_UNROLL(3)
  for (int quad = 0; quad < R; quad += 4) {
    const __m256i low = pairs[quad / 2];
    const __m256i high = quad + 2 < R ? pairs[(quad / 2 + 1) % kPairs] : low;
    const __m256i y =
        Reorder(_mm256_max_epi8(_mm256_packs_epi16(low, high), _mm256_set1_epi8(-127)));
    const __m128i rows01 = _mm256_castsi256_si128(y);
    const __m128i rows23 = _mm256_extracti128_si256(y, 1);
    uint8_t* const out = cell + quad * kChunkChannels;
    _mm_storeu_si64(out, rows01);
    if (quad + 1 < R) _mm_storeu_si64(out + kChunkChannels, _mm_unpackhi_epi64(rows01, rows01));
    if (quad + 2 < R) _mm_storeu_si64(out + 2 * kChunkChannels, rows23);
    if (quad + 3 < R) {
      _mm_storeu_si64(out + 3 * kChunkChannels, _mm_unpackhi_epi64(rows23, rows23));
    }
  }
}

// One row of a block as int16, the residual added if there is one.
STA_INLINE void StoreInt16(const LinearArgs& args, int64_t at, __m128i y) {
  if (args.output == LinearOutput::kInt16Residual) {
    y = _mm_adds_epi16(y, Load16(args.residual + at));
  }
  Store16(args.y16 + at, y);
}

// Requantizes and stores eight channels. For kInt8Gelu the look-up is still to come.
template <int R>
STA_INLINE void Finish(const LinearArgs& args, int64_t block, const __m256i (&acc)[R]) {
  const __m256i shift = Load(args.shift + block * kBlockChannels);
  const __m256i multiplier = Load(args.multiplier + 2 * block * kBlockChannels);
  // Two rows a vector: each half holds four channels of the first row, then of the second.
  constexpr int kPairs = (R + 1) / 2;
  __m256i pairs[kPairs];
  STA_UNROLL(6)
  for (int p = 0; p < kPairs; ++p) {
    const __m256i first = _mm256_srav_epi32(acc[2 * p], shift);
    const __m256i second = 2 * p + 1 < R ? _mm256_srav_epi32(acc[(2 * p + 1) % R], shift) : first;
    pairs[p] = _mm256_mulhrs_epi16(_mm256_packs_epi32(first, second), multiplier);
  }
  if (args.output == LinearOutput::kInt8 || args.output == LinearOutput::kInt8Gelu) {
    return StoreInt8<R>(args, block, pairs);
  }
  STA_UNROLL(6)
  for (int p = 0; p < kPairs; ++p) {
    const __m256i y = _mm256_permute4x64_epi64(pairs[p], 0xD8);
    const int64_t at = 2 * p * args.y16_stride + block * kBlockChannels;
    StoreInt16(args, at, _mm256_castsi256_si128(y));
    if (2 * p + 1 < R) StoreInt16(args, at + args.y16_stride, _mm256_extracti128_si256(y, 1));
  }
}

// Adds four products of each channel.
STA_INLINE __m256i MultiplyAdd(__m256i acc, __m256i magnitude, __m256i weights, __m256i x) {
  const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(x, weights));
  return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

// One step from kWindows windows, the first of which begins at x. Returns the next step.
template <int kWindowCount, int R>
STA_INLINE const uint8_t* Step(const uint8_t* x, const uint8_t* stream, __m256i (&acc)[R]) {
  // Rows' inputs are read anew each step: GCC would keep them, and spill.
  __asm__ volatile("" : "+r"(x));
  __m256i places[kWindowCount];
  STA_UNROLL(4)
  for (int w = 0; w < kWindowCount; ++w) places[w] = Load(stream + w * kVectorBytes);
  const __m256i weights = Load(stream + kWindowCount * kVectorBytes);
  const __m256i magnitude = _mm256_abs_epi8(weights);
  STA_UNROLL(12)
  for (int r = 0; r < R; ++r) {
    const uint8_t* const cell = x + r * kChunkChannels;
    __m256i gathered = _mm256_shuffle_epi8(Broadcast16(cell), places[0]);
    STA_UNROLL(3)
    for (int w = 1; w < kWindowCount; ++w) {
      gathered = _mm256_or_si256(
          gathered, _mm256_shuffle_epi8(Broadcast16(cell + w * kWindowInputs), places[w]));
    }
    acc[r] = MultiplyAdd(acc[r], magnitude, weights, gathered);
  }
  return stream + (kWindowCount + 1) * kVectorBytes;
}

// One block of channels of R rows; returns where the next block's weights begin.
template <int R>
STA_INLINE const uint8_t* SparseBlock(const LinearArgs& args, int64_t block,
                                      const uint8_t* stream) {
  __m256i acc[R];
  const __m256i start = Load(args.start + block * kBlockChannels);
  STA_UNROLL(12)
  for (int r = 0; r < R; ++r) acc[r] = start;
  const int64_t chunks = args.matrix.input_chunks;
  const auto* counts = reinterpret_cast<const StepCounts*>(args.matrix.patterns) + block * chunks;
  const uint8_t* x = args.x;
  for (int64_t chunk = 0; chunk < chunks; ++chunk, x += args.x_chunk_stride, ++counts) {
    for (int half = 0; half < 2; ++half) {
      const uint8_t* const windows = x + half * 2 * kWindowInputs;
      for (int w = 0; w < 2; ++w) {
        for (int i = counts->single[2 * half + w]; i > 0; --i) {
          stream = Step<1>(windows + w * kWindowInputs, stream, acc);
        }
      }
      for (int i = counts->pair[half]; i > 0; --i) stream = Step<2>(windows, stream, acc);
    }
    for (int i = counts->quad; i > 0; --i) stream = Step<4>(x, stream, acc);
  }
  Finish<R>(args, block, acc);
  return stream;
}

template <int R>
STA_INLINE const uint8_t* DenseBlock(const LinearArgs& args, int64_t block, const uint8_t* stream) {
  __m256i acc[R];
  const __m256i start = Load(args.start + block * kBlockChannels);
  STA_UNROLL(12)
  for (int r = 0; r < R; ++r) acc[r] = start;
  const uint8_t* x = args.x;
  for (int64_t chunk = 0; chunk < args.matrix.input_chunks; ++chunk, x += args.x_chunk_stride) {
    for (int64_t c = 0; c < kChunkChannels; c += 4, stream += kVectorBytes) {
      const __m256i weights = Load(stream);
      const __m256i magnitude = _mm256_abs_epi8(weights);
      STA_UNROLL(12)
      for (int r = 0; r < R; ++r) {
        acc[r] = MultiplyAdd(acc[r], magnitude, weights, Broadcast4(x + r * kChunkChannels + c));
      }
    }
  }
  Finish<R>(args, block, acc);
  return stream;
}

// Where bit i of `bits` is set, all of byte i.
STA_INLINE __m256i BytesOfBits(uint32_t bits) {
  const __m256i spread =
      _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bit = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201));
  const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int32_t>(bits)), spread);
  return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
}

// Section 6 in place for one chunk of channels. Where 32 channels' class bits are 0 the second
// table is not touched.
void Gelu(const LinearArgs& args, int64_t chunk) {
  for (int64_t half = 0; half < 2; ++half) {
    const uint16_t* const classes = args.gelu_class + chunk * 4 + half * 2;
    const uint32_t bits = classes[0] | uint32_t{classes[1]} << 16;
    const __m256i wide = BytesOfBits(bits);
    uint8_t* cell = args.y8 + chunk * args.y8_chunk_stride + half * kVectorBytes;
    for (int64_t row = 0; row < args.rows; ++row, cell += kChunkChannels) {
      const __m256i codes = Load(cell);
      __m256i y = Lookup(args.gelu_tables, codes);
      if (bits != 0) y = Choose(wide, y, Lookup(args.gelu_tables + 256, codes));
      Store(cell, y);
    }
  }
}

template <int R>
void Rows(const LinearArgs& args) {
  const MatrixView& matrix = args.matrix;
  const int64_t blocks = (matrix.output_channels + kBlockChannels - 1) / kBlockChannels;
  const uint8_t* stream = matrix.weights;
  for (int64_t block = 0; block < blocks; ++block) {
    stream =
        matrix.is_dense ? DenseBlock<R>(args, block, stream) : SparseBlock<R>(args, block, stream);
    const bool chunk_is_done = block % kBlocks == kBlocks - 1 || block == blocks - 1;
    if (args.output == LinearOutput::kInt8Gelu && chunk_is_done) Gelu(args, block / kBlocks);
  }
}

constexpr void (*kRows[kMaxBlockRows + 1])(const LinearArgs&) = {
    nullptr, Rows<1>, Rows<2>, Rows<3>,  Rows<4>,  Rows<5>, Rows<6>,
    Rows<7>, Rows<8>, Rows<9>, Rows<10>, Rows<11>, Rows<12>};

}  // namespace

void Linear(const LinearArgs& args) { kRows[args.rows](args); }

}  // namespace sta::emulator::avx2
