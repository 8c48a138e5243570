// SPDX-License-Identifier: Apache-2.0
//
// Attention of one head for AVX2: docs/arithmetic.md section 7. CPU condition: dispatch.cc.
//
// Up to 16 queries at a time; queries are the lanes of logits and of the softmax, so that nothing
// is ever summed or compared across lanes:
//  1. Keys widened to int16; values as [key / 4][channel][4]. Once a call.
//  2. Logits: queries transposed to [channel / 2][query][2] int16; a key's two channels are
//     broadcast: vpmaddwd. Two vectors of eight queries are packed to 16 int16 logits, in the order
//     of vpackssdw, which step 3 undoes; the largest of each lane is kept.
//  3. Softmax: four keys' distances, a byte each, make [query][4 keys] words; one look-up gives the
//     probabilities P, and products with ones add them up.
//  4. Context: P of four keys of a query is broadcast as vpmaddubsw's unsigned operand (0..127), so
//     that two products fit int16. Requantized with the row's own shift and multiplier.
#include <immintrin.h>

#include <cstdint>

#include "accel/emulator/avx2/attention_operands.h"
#include "accel/emulator/avx2/avx2.h"
#include "accel/emulator/avx2/simd.h"

namespace sta::emulator::avx2 {
namespace {

constexpr int64_t kContextRows = 4;

// Adds to a sum at once: GCC 12 would load and multiply ahead, and run out of registers.
STA_INLINE void AddTo(__m256i& sum, __m256i x) {
  sum = _mm256_add_epi32(sum, x);
  __asm__ volatile("" : "+x"(sum));
}

// Logits of kKeys keys from `key` on; returns the larger of `largest` and them.
template <int kVectors, int kKeys>
STA_INLINE __m256i LogitsOf(const AttentionArgs& args, const Scratch& scratch, int64_t key,
                            __m256i largest) {
  __m256i acc[kKeys][kVectors];
  const __m256i half = _mm256_set1_epi32((1 << args.logit_shift) >> 1);
  STA_UNROLL(8)
  for (int k = 0; k < kKeys; ++k) {
    STA_UNROLL(2)
    for (int v = 0; v < kVectors; ++v) acc[k][v] = half;
  }
  const int16_t* const keys = scratch.keys + key * args.head_stride;
  const int16_t* queries = scratch.queries;
  for (int64_t c = 0; c < args.head_stride; c += 2, queries += 16 * kVectors) {
    const __m256i first = Load(queries);
    const __m256i second = Load(queries + 16 * (kVectors - 1));
    STA_UNROLL(8)
    for (int k = 0; k < kKeys; ++k) {
      const __m256i word = Broadcast4(keys + k * args.head_stride + c);
      AddTo(acc[k][0], _mm256_madd_epi16(first, word));
      if (kVectors == 2) AddTo(acc[k][kVectors - 1], _mm256_madd_epi16(second, word));
    }
  }
  const __m128i shift = _mm_cvtsi32_si128(args.logit_shift);
  const __m256i multiplier = _mm256_set1_epi16(static_cast<int16_t>(args.logit_multiplier));
  STA_UNROLL(8)
  for (int k = 0; k < kKeys; ++k) {
    const __m256i packed = _mm256_packs_epi32(_mm256_sra_epi32(acc[k][0], shift),
                                              _mm256_sra_epi32(acc[k][kVectors - 1], shift));
    const __m256i logits = _mm256_mulhrs_epi16(packed, multiplier);
    Store(scratch.logits + (key + k) * 16, logits);
    largest = _mm256_max_epi16(largest, logits);
  }
  return largest;
}

template <int kVectors>
__m256i Logits(const AttentionArgs& args, const Scratch& scratch) {
  constexpr int kKeys = 8 / kVectors;
  __m256i largest = _mm256_set1_epi16(-32768);
  int64_t key = 0;
  for (; key + kKeys <= args.key_count; key += kKeys) {
    largest = LogitsOf<kVectors, kKeys>(args, scratch, key, largest);
  }
  for (; key < args.key_count; ++key) {
    largest = LogitsOf<kVectors, 1>(args, scratch, key, largest);
  }
  return largest;
}

// Adds groups of four unsigned bytes, each at most 127.
STA_INLINE __m256i AddFours(__m256i sums, __m256i bytes) {
  return _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, _mm256_set1_epi8(1)),
                                                  _mm256_set1_epi16(1)));
}

// Logits to probabilities; sums[v] receives Z of eight queries.
template <int kVectors>
void Softmax(const AttentionArgs& args, const Scratch& scratch, __m256i largest,
             __m256i (&sums)[kVectors]) {
  const __m256i far = _mm256_set1_epi16(255);
  for (int v = 0; v < kVectors; ++v) sums[v] = _mm256_setzero_si256();
  for (int64_t key = 0; key < args.key_count; key += kKeyGroup) {
    // Differences of int16 are at most 65,535: right as unsigned. Beyond the last key: 255, P = 0.
    __m256i distance[kKeyGroup];
    STA_UNROLL(4)
    for (int i = 0; i < kKeyGroup; ++i) {
      distance[i] = far;
      if (key + i < args.key_count) {
        const __m256i logits = Load(scratch.logits + (key + i) * 16);
        distance[i] = _mm256_min_epu16(_mm256_sub_epi16(largest, logits), far);
      }
    }
    const __m256i keys01 = _mm256_or_si256(distance[0], _mm256_slli_epi16(distance[1], 8));
    const __m256i keys23 = _mm256_or_si256(distance[2], _mm256_slli_epi16(distance[3], 8));
    uint8_t* const out = scratch.probabilities + key / kKeyGroup * kVectors * kVectorBytes;
    const __m256i first = Lookup(args.exp_table, _mm256_unpacklo_epi16(keys01, keys23));
    Store(out, first);
    sums[0] = AddFours(sums[0], first);
    if (kVectors == 2) {
      const __m256i second = Lookup(args.exp_table, _mm256_unpackhi_epi16(keys01, keys23));
      Store(out + kVectorBytes, second);
      sums[kVectors - 1] = AddFours(sums[kVectors - 1], second);
    }
  }
}

// How one row's context is requantized.
struct RowConstants {
  int32_t half;        // rounding
  int32_t shift;       // n - k
  int32_t multiplier;  // mr
};

void ConstantsOf(const AttentionArgs& args, __m256i sums, RowConstants (&out)[kLanes]) {
  alignas(32) int32_t z[kLanes];
  Store(z, sums);
  for (int64_t i = 0; i < kLanes; ++i) {
    const int32_t n = 31 - static_cast<int32_t>(_lzcnt_u32(static_cast<uint32_t>(z[i])));
    const int32_t scaled = n <= 15 ? z[i] << (15 - n) : z[i] >> (n - 15);
    const int32_t quotient = (1 << 30) / scaled;
    const int32_t r = quotient < 32767 ? quotient : 32767;
    const int32_t shift = n - args.context_shift;
    out[i] = {(1 << shift) >> 1, shift, (r * args.context_multiplier + 16384) >> 15};
  }
}

// Sixteen channels of a row, in the order of vpackssdw.
STA_INLINE __m256i Requantize(const __m256i (&acc)[2], const RowConstants& row) {
  const __m128i shift = _mm_cvtsi32_si128(row.shift);
  return _mm256_mulhrs_epi16(
      _mm256_packs_epi32(_mm256_sra_epi32(acc[0], shift), _mm256_sra_epi32(acc[1], shift)),
      _mm256_set1_epi16(static_cast<int16_t>(row.multiplier)));
}

// Four rows, `count` of which exist, against sixteen channels from `channel` on. The rows are query
// `query` onwards; `p` is the first one's probabilities of the first four keys.
STA_INLINE void ContextOf(const AttentionArgs& args, const Scratch& scratch,
                          const RowConstants* rows, const uint8_t* p, int64_t group_stride,
                          int64_t channel, int64_t query, int64_t count) {
  __m256i acc[kContextRows][2];
  STA_UNROLL(4)
  for (int r = 0; r < kContextRows; ++r) acc[r][0] = acc[r][1] = _mm256_set1_epi32(rows[r].half);
  const uint8_t* values = scratch.values + channel * kKeyGroup;
  const __m256i ones = _mm256_set1_epi16(1);
  for (int64_t key = 0; key < args.key_count; key += kKeyGroup) {
    const __m256i v[2] = {Load(values), Load(values + kVectorBytes)};
    STA_UNROLL(4)
    for (int r = 0; r < kContextRows; ++r) {
      const __m256i word = Broadcast4(p + r * kKeyGroup);
      STA_UNROLL(2)
      for (int w = 0; w < 2; ++w) {
        AddTo(acc[r][w], _mm256_madd_epi16(_mm256_maddubs_epi16(word, v[w]), ones));
      }
    }
    values += args.head_stride * kKeyGroup;
    p += group_stride;
  }
  STA_UNROLL(2)
  for (int r = 0; r < kContextRows; r += 2) {
    if (r >= count) break;
    const __m256i packed =
        _mm256_packs_epi16(Requantize(acc[r], rows[r]), Requantize(acc[r + 1], rows[r + 1]));
    const __m256i y = Reorder(_mm256_max_epi8(packed, _mm256_set1_epi8(-127)));
    uint8_t* const context = args.context - args.context_origin + channel;
    Store16(context + args.row_offsets[query + r], _mm256_castsi256_si128(y));
    if (r + 1 < count) {
      Store16(context + args.row_offsets[query + r + 1], _mm256_extracti128_si256(y, 1));
    }
  }
}

// `count` queries from `first` on, at most 8 * kVectors.
template <int kVectors>
void QueryBlock(const AttentionArgs& args, const Scratch& scratch, int64_t first, int64_t count) {
  constexpr int64_t kGroupBytes = kVectors * kVectorBytes;
  PackQueries<kVectors>(args, scratch, first, count);
  const __m256i largest = Logits<kVectors>(args, scratch);
  __m256i sums[kVectors];
  Softmax<kVectors>(args, scratch, largest, sums);
  for (int v = 0; v < kVectors; ++v) {
    RowConstants rows[kLanes];
    ConstantsOf(args, sums[v], rows);
    for (int64_t row = 0; row < kLanes && v * kLanes + row < count; row += kContextRows) {
      const uint8_t* const p = scratch.probabilities + v * kVectorBytes + row * kKeyGroup;
      const int64_t query = v * kLanes + row;
      for (int64_t channel = 0; channel < args.head_stride; channel += 16) {
        ContextOf(args, scratch, rows + row, p, kGroupBytes, channel, first + query, count - query);
      }
    }
  }
}

}  // namespace

void Attention(const AttentionArgs& args) {
  const Scratch scratch(args.scratch, args.key_count, args.head_stride);
  PackKeys(args, scratch);
  PackValues(args, scratch);
  const int64_t end = args.first_query + args.query_count;
  for (int64_t query = args.first_query; query < end;) {
    const int64_t count = end - query < 2 * kLanes ? end - query : 2 * kLanes;
    if (count > kLanes) {
      QueryBlock<2>(args, scratch, query, count);
    } else {
      QueryBlock<1>(args, scratch, query, count);
    }
    query += count;
  }
}

}  // namespace sta::emulator::avx2
