// SPDX-License-Identifier: Apache-2.0
//
// Attention of one head for AVX-512: docs/arithmetic.md section 7. CPU condition: dispatch.cc.
//
// Up to 32 queries at a time; queries are the lanes of logits and of the softmax, so that nothing
// is ever summed or compared across lanes:
//  1. Keys as s8 [key][head_stride] with -128 * (their sum) beside; values [key / 4][channel][4].
//     Once a call.
//  2. Logits: queries transposed to [channel / 4][query][4] bytes, u8 = q + 128; a key's four
//     channels are broadcast: vpdpbusd. Two vectors of 16 queries are packed to 32 int16 logits,
//     in the order of vpackssdw, which step 3 undoes; the largest of each lane is kept.
//  3. Softmax: four keys' distances, a byte each, make [query][4 keys] words; one look-up gives the
//     probabilities P, and a product with ones adds them up.
//  4. Context: P of four keys of a query is broadcast as the s8 operand (0..127), values are u8 =
//     v + 128 in lanes of channels: the accumulators start at -128 * Z. Requantized with the row's
//     own shift and multiplier.
// Bounds: 255 * 127 * 65,536 keys < 2^31, so step 4 holds any sequence that a batch may have.
#include <cstdint>

#include "accel/emulator/avx512/avx512.h"
#include "accel/emulator/avx512/simd.h"

namespace sta::emulator::avx512 {
namespace {

constexpr int64_t kLanes = 16;
constexpr int64_t kKeyGroup = 4;

int64_t RoundUp(int64_t x, int64_t multiple) { return (x + multiple - 1) / multiple * multiple; }

// Views into the caller's scratch memory.
struct Scratch {
  int8_t* keys;            // [keys][head_stride]
  int32_t* logit_start;    // [keys]: rounding - 128 * (sum of the key)
  uint8_t* values;         // [keys / 4][head_stride][4]
  int16_t* logits;         // [keys][32], in vpackssdw's order
  uint8_t* probabilities;  // [keys / 4][2][16 queries][4]
  uint8_t* queries;        // [head_stride / 4][2][16 queries][4]

  Scratch(uint8_t* memory, int64_t key_count, int64_t head_stride) {
    const int64_t padded = RoundUp(key_count, kLanes);
    const auto take = [&memory](int64_t bytes) {
      uint8_t* const taken = memory;
      memory += RoundUp(bytes, 64);
      return taken;
    };
    keys = reinterpret_cast<int8_t*>(take(padded * head_stride));
    logit_start = reinterpret_cast<int32_t*>(take(padded * 4));
    values = take(padded * head_stride);
    logits = reinterpret_cast<int16_t*>(take(padded * 64));
    probabilities = take(padded * 32);
    queries = take(head_stride * 32);
  }
};

STA_INLINE __m128i Load16(const uint8_t* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}

void PackKeys(const AttentionArgs& args, const Scratch& scratch) {
  const auto half = static_cast<int32_t>((uint32_t{1} << args.logit_shift) >> 1);
  const __m128i zero = _mm_setzero_si128();
  for (int64_t j = 0; j < args.key_count; ++j) {
    const uint8_t* const key = args.keys + args.row_offsets[j];
    int8_t* const out = scratch.keys + j * args.head_stride;
    __m128i sums = zero;
    for (int64_t c = 0; c < args.head_stride; c += 16) {
      const __m128i codes = Load16(key + c);
      sums = _mm_add_epi64(sums, _mm_sad_epu8(codes, zero));
      _mm_store_si128(reinterpret_cast<__m128i*>(out + c),
                      _mm_xor_si128(codes, _mm_set1_epi8(static_cast<char>(0x80))));
    }
    const auto sum = static_cast<int32_t>(_mm_cvtsi128_si64(sums) + _mm_extract_epi64(sums, 1) -
                                          128 * args.head_stride);
    scratch.logit_start[j] = half - 128 * sum;
  }
}

// Four rows' 16 bytes as [16 channels][4 rows].
STA_INLINE __m512i Interleave(__m128i a, __m128i b, __m128i c, __m128i d) {
  const __m128i ab_low = _mm_unpacklo_epi8(a, b);
  const __m128i ab_high = _mm_unpackhi_epi8(a, b);
  const __m128i cd_low = _mm_unpacklo_epi8(c, d);
  const __m128i cd_high = _mm_unpackhi_epi8(c, d);
  __m512i all = _mm512_castsi128_si512(_mm_unpacklo_epi16(ab_low, cd_low));
  all = _mm512_inserti32x4(all, _mm_unpackhi_epi16(ab_low, cd_low), 1);
  all = _mm512_inserti32x4(all, _mm_unpacklo_epi16(ab_high, cd_high), 2);
  return _mm512_inserti32x4(all, _mm_unpackhi_epi16(ab_high, cd_high), 3);
}

// Keys beyond the last repeat it; their probabilities are 0.
void PackValues(const AttentionArgs& args, const Scratch& scratch) {
  uint8_t* out = scratch.values;
  for (int64_t j = 0; j < args.key_count; j += kKeyGroup) {
    const uint8_t* rows[kKeyGroup];
    for (int64_t i = 0; i < kKeyGroup; ++i) {
      const int64_t key = j + i < args.key_count ? j + i : args.key_count - 1;
      rows[i] = args.values + args.row_offsets[key];
    }
    for (int64_t c = 0; c < args.head_stride; c += 16, out += 64) {
      _mm512_store_si512(out, Interleave(Load16(rows[0] + c), Load16(rows[1] + c),
                                         Load16(rows[2] + c), Load16(rows[3] + c)));
    }
  }
}

// Transposes up to kVectors * 16 queries from `first` on; missing ones repeat the last.
template <int kVectors>
void PackQueries(const AttentionArgs& args, const Scratch& scratch, int64_t first, int64_t count) {
  for (int v = 0; v < kVectors; ++v) {
    const uint8_t* rows[kLanes];
    for (int64_t i = 0; i < kLanes; ++i) {
      const int64_t query = v * kLanes + i < count ? v * kLanes + i : count - 1;
      rows[i] = args.queries + args.row_offsets[first + query];
    }
    for (int64_t c = 0; c < args.head_stride; c += 16) {
      // Lane l of vector i holds four words of row 4 l + i; the words are transposed inside lanes.
      __m512i in[4];
      for (int i = 0; i < 4; ++i) {
        in[i] = _mm512_castsi128_si512(Load16(rows[i] + c));
        in[i] = _mm512_inserti32x4(in[i], Load16(rows[4 + i] + c), 1);
        in[i] = _mm512_inserti32x4(in[i], Load16(rows[8 + i] + c), 2);
        in[i] = _mm512_inserti32x4(in[i], Load16(rows[12 + i] + c), 3);
      }
      const __m512i low01 = _mm512_unpacklo_epi32(in[0], in[1]);
      const __m512i low23 = _mm512_unpacklo_epi32(in[2], in[3]);
      const __m512i high01 = _mm512_unpackhi_epi32(in[0], in[1]);
      const __m512i high23 = _mm512_unpackhi_epi32(in[2], in[3]);
      uint8_t* const out = scratch.queries + (c / 4 * kVectors + v) * 64;
      _mm512_store_si512(out, _mm512_unpacklo_epi64(low01, low23));
      _mm512_store_si512(out + kVectors * 64, _mm512_unpackhi_epi64(low01, low23));
      _mm512_store_si512(out + 2 * kVectors * 64, _mm512_unpacklo_epi64(high01, high23));
      _mm512_store_si512(out + 3 * kVectors * 64, _mm512_unpackhi_epi64(high01, high23));
    }
  }
}

// Logits of kKeys keys from `key` on; returns the larger of `largest` and them. The head has kWords
// words of four channels, or head_stride / 4 where that is 0.
template <int kVectors, int kKeys, int kWords>
STA_INLINE __m512i LogitsOf(const AttentionArgs& args, const Scratch& scratch, int64_t key,
                            __m512i largest) {
  __m512i sums[kKeys][kVectors];
  STA_UNROLL(16)
  for (int k = 0; k < kKeys; ++k) {
    const __m512i start = _mm512_set1_epi32(scratch.logit_start[key + k]);
    STA_UNROLL(2)
    for (int v = 0; v < kVectors; ++v) sums[k][v] = start;
  }
  const int64_t stride = kWords == 0 ? args.head_stride : 4 * kWords;
  const int8_t* const keys = scratch.keys + key * stride;
  const auto multiply = [&](int64_t word) STA_INLINE_LAMBDA {
    __m512i queries[kVectors];
    STA_UNROLL(2)
    for (int v = 0; v < kVectors; ++v) {
      queries[v] = _mm512_load_si512(scratch.queries + (word * kVectors + v) * 64);
    }
    STA_UNROLL(16)
    for (int k = 0; k < kKeys; ++k) {
      const __m512i channels =
          _mm512_set1_epi32(*reinterpret_cast<const int32_t*>(keys + k * stride + 4 * word));
      STA_UNROLL(2)
      for (int v = 0; v < kVectors; ++v) MultiplyAdd(sums[k][v], queries[v], channels);
    }
  };
  if constexpr (kWords > 0) {
    STA_UNROLL(16)
    for (int64_t word = 0; word < kWords; ++word) multiply(word);
  } else {
    for (int64_t word = 0; word < stride / 4; ++word) multiply(word);
  }
  const __m128i shift = _mm_cvtsi32_si128(args.logit_shift);
  const __m512i multiplier = _mm512_set1_epi16(static_cast<int16_t>(args.logit_multiplier));
  STA_UNROLL(16)
  for (int k = 0; k < kKeys; ++k) {
    const __m512i packed = _mm512_packs_epi32(_mm512_sra_epi32(sums[k][0], shift),
                                              _mm512_sra_epi32(sums[k][kVectors - 1], shift));
    const __m512i logits = _mm512_mulhrs_epi16(packed, multiplier);
    _mm512_store_si512(scratch.logits + (key + k) * 32, logits);
    largest = _mm512_max_epi16(largest, logits);
  }
  return largest;
}

template <int kVectors, int kWords>
__m512i LogitsOfAllKeys(const AttentionArgs& args, const Scratch& scratch) {
  // Sixteen sums at a time hide the latency of the products.
  constexpr int kMany = 16 / kVectors;
  constexpr int kSome = 4;
  __m512i largest = _mm512_set1_epi16(-32768);
  int64_t key = 0;
  for (; key + kMany <= args.key_count; key += kMany) {
    largest = LogitsOf<kVectors, kMany, kWords>(args, scratch, key, largest);
  }
  for (; key + kSome <= args.key_count; key += kSome) {
    largest = LogitsOf<kVectors, kSome, kWords>(args, scratch, key, largest);
  }
  for (; key < args.key_count; ++key) {
    largest = LogitsOf<kVectors, 1, kWords>(args, scratch, key, largest);
  }
  return largest;
}

// The usual head sizes, 32 and 64, have code of their own.
template <int kVectors>
__m512i Logits(const AttentionArgs& args, const Scratch& scratch) {
  if (args.head_stride == 32) return LogitsOfAllKeys<kVectors, 8>(args, scratch);
  if (args.head_stride == 64) return LogitsOfAllKeys<kVectors, 16>(args, scratch);
  return LogitsOfAllKeys<kVectors, 0>(args, scratch);
}

// Logits to probabilities; sums[v] receives Z of sixteen queries.
template <int kVectors>
void Softmax(const AttentionArgs& args, const Scratch& scratch, __m512i largest,
             __m512i (&sums)[kVectors]) {
  const Table exp_table = LoadTable(args.exp_table);
  const __m512i ones = _mm512_set1_epi8(1);
  const __m512i far = _mm512_set1_epi16(255);
  for (int v = 0; v < kVectors; ++v) sums[v] = _mm512_setzero_si512();
  for (int64_t key = 0; key < args.key_count; key += kKeyGroup) {
    // Differences of int16 are at most 65,535: right as unsigned. Beyond the last key: 255, P = 0.
    __m512i distance[kKeyGroup];
    STA_UNROLL(4)
    for (int i = 0; i < kKeyGroup; ++i) {
      distance[i] = far;
      if (key + i < args.key_count) {
        const __m512i logits = _mm512_load_si512(scratch.logits + (key + i) * 32);
        distance[i] = _mm512_min_epu16(_mm512_sub_epi16(largest, logits), far);
      }
    }
    const __m512i keys01 = _mm512_or_si512(distance[0], _mm512_slli_epi16(distance[1], 8));
    const __m512i keys23 = _mm512_or_si512(distance[2], _mm512_slli_epi16(distance[3], 8));
    uint8_t* const out = scratch.probabilities + key / kKeyGroup * kVectors * 64;
    const __m512i first = Lookup(exp_table, _mm512_unpacklo_epi16(keys01, keys23));
    _mm512_store_si512(out, first);
    MultiplyAdd(sums[0], first, ones);
    if (kVectors == 2) {
      const __m512i second = Lookup(exp_table, _mm512_unpackhi_epi16(keys01, keys23));
      _mm512_store_si512(out + 64, second);
      sums[kVectors - 1] = _mm512_dpbusd_epi32(sums[kVectors - 1], second, ones);
    }
  }
}

// How sixteen rows' contexts are requantized.
struct RowConstants {
  alignas(64) int32_t start[kLanes];       // rounding - 128 Z
  alignas(64) int32_t shift[kLanes];       // n - k
  alignas(64) int32_t multiplier[kLanes];  // mr
};

// 1 / Z as docs/arithmetic.md says; the quotient of doubles is less than 2^-20 off, and no quotient
// of 2^30 by 2^15 <= z < 2^16 is nearer to an integer without being one.
void ConstantsOf(const AttentionArgs& args, __m512i sums, RowConstants& out) {
  const __m512i n = _mm512_sub_epi32(_mm512_set1_epi32(31), _mm512_lzcnt_epi32(sums));
  const __m512i fifteen = _mm512_set1_epi32(15);
  const __m512i left = _mm512_max_epi32(_mm512_sub_epi32(fifteen, n), _mm512_setzero_si512());
  const __m512i right = _mm512_max_epi32(_mm512_sub_epi32(n, fifteen), _mm512_setzero_si512());
  const __m512i z = _mm512_srlv_epi32(_mm512_sllv_epi32(sums, left), right);
  const __m512d dividend = _mm512_set1_pd(1073741824.0);
  const __m256i low =
      _mm512_cvttpd_epi32(_mm512_div_pd(dividend, _mm512_cvtepi32_pd(_mm512_castsi512_si256(z))));
  const __m256i high = _mm512_cvttpd_epi32(
      _mm512_div_pd(dividend, _mm512_cvtepi32_pd(_mm512_extracti64x4_epi64(z, 1))));
  const __m512i r = _mm512_min_epi32(_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1),
                                     _mm512_set1_epi32(32767));
  const __m512i product = _mm512_mullo_epi32(r, _mm512_set1_epi32(args.context_multiplier));
  const __m512i shift = _mm512_sub_epi32(n, _mm512_set1_epi32(args.context_shift));
  const __m512i half = _mm512_srli_epi32(_mm512_sllv_epi32(_mm512_set1_epi32(1), shift), 1);
  _mm512_store_si512(out.start, _mm512_sub_epi32(half, _mm512_slli_epi32(sums, 7)));
  _mm512_store_si512(out.shift, shift);
  _mm512_store_si512(out.multiplier,
                     _mm512_srai_epi32(_mm512_add_epi32(product, _mm512_set1_epi32(16384)), 15));
}

// Requantizes sixteen channels of four rows and stores those that exist.
STA_INLINE void StoreFour(const __m512i (&acc)[4], const RowConstants& rows, int64_t row,
                          uint8_t* const (&out)[4], int64_t count) {
  __m512i shifted[4];
  STA_UNROLL(4)
  for (int i = 0; i < 4; ++i) {
    shifted[i] = _mm512_sra_epi32(acc[i], _mm_cvtsi32_si128(rows.shift[row + i]));
  }
  const auto multiplier = [&rows, row](int i) {
    return _mm512_mask_blend_epi64(
        0xAA, _mm512_set1_epi16(static_cast<int16_t>(rows.multiplier[row + i])),
        _mm512_set1_epi16(static_cast<int16_t>(rows.multiplier[row + i + 1])));
  };
  const __m512i low =
      _mm512_mulhrs_epi16(_mm512_packs_epi32(shifted[0], shifted[1]), multiplier(0));
  const __m512i high =
      _mm512_mulhrs_epi16(_mm512_packs_epi32(shifted[2], shifted[3]), multiplier(2));
  __m512i y = _mm512_max_epi8(_mm512_packs_epi16(low, high), _mm512_set1_epi8(-127));
  y = _mm512_permutexvar_epi32(
      _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), AddZeroCode(y));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out[0]), _mm512_castsi512_si128(y));
  if (count > 1) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out[1]), _mm512_extracti32x4_epi32(y, 1));
  }
  if (count > 2) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out[2]), _mm512_extracti32x4_epi32(y, 2));
  }
  if (count > 3) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out[3]), _mm512_extracti32x4_epi32(y, 3));
  }
}

// Rows row .. row + kRows - 1 of one vector of queries against kWide * 16 channels from `channel`.
template <int kWide, int kRows>
STA_INLINE void ContextOf(const AttentionArgs& args, const Scratch& scratch,
                          const RowConstants& rows, const uint8_t* probabilities,
                          int64_t group_stride, int64_t row, int64_t channel, int64_t query,
                          int64_t count) {
  __m512i sums[kRows][kWide];
  STA_UNROLL(8)
  for (int r = 0; r < kRows; ++r) {
    STA_UNROLL(4)
    for (int w = 0; w < kWide; ++w) sums[r][w] = _mm512_set1_epi32(rows.start[row + r]);
  }
  const uint8_t* values = scratch.values + channel * kKeyGroup;
  const uint8_t* p = probabilities + row * kKeyGroup;
  const int64_t value_stride = args.head_stride * kKeyGroup;
  for (int64_t key = 0; key < args.key_count;
       key += kKeyGroup, values += value_stride, p += group_stride) {
    __m512i v[kWide];
    STA_UNROLL(4)
    for (int w = 0; w < kWide; ++w) v[w] = _mm512_load_si512(values + w * 64);
    MultiplyWords<false, kKeyGroup>(p, v, sums);
  }
  STA_UNROLL(2)
  for (int four = 0; four < kRows; four += 4) {
    const int64_t here = count - row - four;
    if (here <= 0) break;
    uint8_t* out[4];
    for (int64_t i = 0; i < 4; ++i) {
      const int64_t token = query + row + four + (i < here ? i : 0);
      out[i] = args.context + args.row_offsets[token] - args.context_origin + channel;
    }
    STA_UNROLL(4)
    for (int w = 0; w < kWide; ++w) {
      const __m512i acc[4] = {sums[four][w], sums[four + 1][w], sums[four + 2][w],
                              sums[four + 3][w]};
      uint8_t* const at[4] = {out[0] + 16 * w, out[1] + 16 * w, out[2] + 16 * w, out[3] + 16 * w};
      StoreFour(acc, rows, row + four, at, here);
    }
  }
}

// All channels of up to sixteen rows, `count` of which exist.
void Context(const AttentionArgs& args, const Scratch& scratch, const RowConstants& rows,
             const uint8_t* probabilities, int64_t group_stride, int64_t query, int64_t count) {
  int64_t channel = 0;
  for (; channel + 64 <= args.head_stride; channel += 64) {
    for (int64_t row = 0; row < count; row += 4) {
      ContextOf<4, 4>(args, scratch, rows, probabilities, group_stride, row, channel, query, count);
    }
  }
  for (; channel + 32 <= args.head_stride; channel += 32) {
    for (int64_t row = 0; row < count; row += 8) {
      ContextOf<2, 8>(args, scratch, rows, probabilities, group_stride, row, channel, query, count);
    }
  }
  for (; channel < args.head_stride; channel += 16) {
    for (int64_t row = 0; row < count; row += 8) {
      ContextOf<1, 8>(args, scratch, rows, probabilities, group_stride, row, channel, query, count);
    }
  }
}

// `count` queries from `first` on, at most 16 * kVectors.
template <int kVectors>
void QueryBlock(const AttentionArgs& args, const Scratch& scratch, int64_t first, int64_t count) {
  PackQueries<kVectors>(args, scratch, first, count);
  const __m512i largest = Logits<kVectors>(args, scratch);
  __m512i sums[kVectors];
  Softmax<kVectors>(args, scratch, largest, sums);
  for (int v = 0; v < kVectors; ++v) {
    RowConstants rows;
    ConstantsOf(args, sums[v], rows);
    const int64_t rest = count - v * kLanes;
    Context(args, scratch, rows, scratch.probabilities + v * 64, kVectors * 64, first + v * kLanes,
            rest < kLanes ? rest : kLanes);
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

}  // namespace sta::emulator::avx512
