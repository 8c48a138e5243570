// SPDX-License-Identifier: Apache-2.0
//
// The loops of kernels.h, written once with the compiler's vector types and compiled once per
// instruction set by kernels_<set>.cc, which defines STA_VECTOR_BYTES. Never include it elsewhere.
// Everything is in an unnamed namespace, so that no copy leaves its translation unit.
//
// Exactness of products: weights and activations are in -127..127, so the sum of two products is
// within +-32,258 and an int16 lane holds it. Two neighboring int16 lanes are then seen as one
// uint32: with 0x8000 added to each lane, both become unsigned (510..65026), and for up to 2^15
// pairs neither the sum of the high halves nor that of the low halves reaches 2^31. The low sum is
// the total less the high sum times 2^16, modulo 2^32. That is one shift a pair in place of three.
#include <cstddef>
#include <cstdint>

#include "accel/emulator/kernels.h"

// Each including source file makes copies of its own: that is the purpose of this file.
// NOLINTBEGIN(misc-definitions-in-headers)
namespace sta::emulator {
namespace {

constexpr int64_t kLanes16 = STA_VECTOR_BYTES / 2;
constexpr int64_t kLanes32 = STA_VECTOR_BYTES / 4;
constexpr int64_t kVectors = kBlockTokens / kLanes16;  // that make a row of a block

typedef int16_t Int16Vector __attribute__((vector_size(STA_VECTOR_BYTES), may_alias));
typedef int32_t Int32Vector __attribute__((vector_size(STA_VECTOR_BYTES), may_alias));
typedef uint32_t Uint32Vector __attribute__((vector_size(STA_VECTOR_BYTES), may_alias));

#define STA_INLINE inline __attribute__((always_inline))

constexpr int32_t Minimum(int32_t a, int32_t b) { return a < b ? a : b; }
constexpr int32_t Maximum(int32_t a, int32_t b) { return a > b ? a : b; }
constexpr int32_t Saturate16(int32_t x) { return Maximum(-32768, Minimum(32767, x)); }
constexpr int32_t Clip8(int32_t x) { return Maximum(-127, Minimum(127, x)); }

STA_INLINE Int32Vector Clamp(Int32Vector x, int32_t low, int32_t high) {
  const Int32Vector lows = Int32Vector{} + low;
  const Int32Vector highs = Int32Vector{} + high;
  x = x < lows ? lows : x;
  return x > highs ? highs : x;
}

// The sums of one output row over a block: see the top of the file.
struct PairSums {
  Uint32Vector total[kVectors] = {};
  Uint32Vector high[kVectors] = {};

  STA_INLINE void Add(const int16_t* x0, const int16_t* x1, int16_t w0, int16_t w1) {
    for (int64_t v = 0; v < kVectors; ++v) {
      const auto& row0 = *reinterpret_cast<const Int16Vector*>(x0 + v * kLanes16);
      const auto& row1 = *reinterpret_cast<const Int16Vector*>(x1 + v * kLanes16);
      const Int16Vector sum = row0 * w0 + row1 * w1;
      const auto biased = reinterpret_cast<Uint32Vector>(sum ^ static_cast<int16_t>(-32768));
      total[v] += biased;
      high[v] += biased >> 16;
    }
  }

  // The sums of the even and of the odd tokens of vector v after `pairs` calls of Add.
  STA_INLINE Int32Vector Even(int64_t v, int64_t pairs) const {
    return reinterpret_cast<Int32Vector>(total[v] - (high[v] << 16) -
                                         static_cast<uint32_t>(pairs << 15));
  }
  STA_INLINE Int32Vector Odd(int64_t v, int64_t pairs) const {
    return reinterpret_cast<Int32Vector>(high[v] - static_cast<uint32_t>(pairs << 15));
  }
};

// Puts int32 results of even and odd tokens, each within int16, in their order as int16.
STA_INLINE void StoreInterleaved(Int32Vector even, Int32Vector odd, int16_t* y) {
  *reinterpret_cast<Uint32Vector*>(y) = (reinterpret_cast<Uint32Vector>(odd) << 16) |
                                        (reinterpret_cast<Uint32Vector>(even) & 0xFFFFu);
}

STA_INLINE Int32Vector Requantize(Int32Vector accumulator, int32_t shift, int32_t multiplier) {
  return (Clamp(accumulator >> shift, -32768, 32767) * multiplier + 16384) >> 15;
}

void Linear(const LinearArgs& args, const int16_t* x, int16_t* y) {
  const WeightPair* pair = args.pairs;
  for (int64_t row = 0; row < args.rows; ++row) {
    PairSums sums;
    const WeightPair* const end = pair + args.pairs_per_row;
    for (; pair != end; ++pair) {
      sums.Add(x + pair->channel0 * kBlockTokens, x + pair->channel1 * kBlockTokens, pair->weight0,
               pair->weight1);
    }
    const int32_t shift = args.shift[row];
    const int32_t multiplier = args.multiplier[row];
    const int32_t bias = args.bias[row];
    const int32_t limit = args.clip_to_int8 ? 127 : 32768;
    for (int64_t v = 0; v < kVectors; ++v) {
      const Int32Vector even =
          Requantize(sums.Even(v, args.pairs_per_row) + bias, shift, multiplier);
      const Int32Vector odd = Requantize(sums.Odd(v, args.pairs_per_row) + bias, shift, multiplier);
      StoreInterleaved(Clamp(even, -limit, limit), Clamp(odd, -limit, limit),
                       y + row * kBlockTokens + v * kLanes16);
    }
  }
}

void ResidualAdd(const int16_t* x, const int16_t* y, int64_t count, int16_t* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<int16_t>(Saturate16(x[i] + y[i]));
}

void Int8View(const int16_t* x, const int16_t* multiplier, int64_t channels, int16_t* y) {
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t t = 0; t < kBlockTokens; ++t) {
      const int32_t product = x[c * kBlockTokens + t] * multiplier[c];
      y[c * kBlockTokens + t] = static_cast<int16_t>(Clip8((product + 16384) >> 15));
    }
  }
}

void Gelu(const int16_t* x, const uint8_t* channel_class, const int8_t* tables, int64_t channels,
          int16_t* y) {
  for (int64_t c = 0; c < channels; ++c) {
    const int8_t* const table = tables + 256 * channel_class[c] + 128;
    for (int64_t t = 0; t < kBlockTokens; ++t) {
      y[c * kBlockTokens + t] = table[x[c * kBlockTokens + t]];
    }
  }
}

void LayerNormSums(const int16_t* x, int64_t channels, int32_t* sums) {
  int32_t local[kBlockTokens] = {};
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t t = 0; t < kBlockTokens; ++t) local[t] += x[c * kBlockTokens + t];
  }
  for (int64_t t = 0; t < kBlockTokens; ++t) sums[t] = local[t];
}

// A square is at most 2^30: its halves are summed apart so that 32-bit lanes do.
void LayerNormSquares(const int16_t* x, int64_t channels, const int32_t* mean, uint64_t* squares) {
  uint32_t low[kBlockTokens] = {};
  uint32_t high[kBlockTokens] = {};
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t t = 0; t < kBlockTokens; ++t) {
      const int32_t d = Saturate16(x[c * kBlockTokens + t] - mean[t]);
      const uint32_t square = static_cast<uint32_t>(d * d);
      low[t] += square & 0xFFFFu;
      high[t] += square >> 16;
    }
  }
  for (int64_t t = 0; t < kBlockTokens; ++t) squares[t] = (uint64_t{high[t]} << 16) + low[t];
}

void LayerNormApply(const int16_t* x, int64_t channels, const LayerNormLanes& lanes,
                    const int16_t* gain, const int16_t* bias, int16_t* y) {
  for (int64_t c = 0; c < channels; ++c) {
    const int32_t channel_gain = gain[c];
    const int32_t channel_bias = bias[c];
    for (int64_t t = 0; t < kBlockTokens; ++t) {
      const int32_t d = Saturate16(x[c * kBlockTokens + t] - lanes.mean[t]);
      const int32_t shift = lanes.shift[t];
      const int32_t n = Saturate16((d * lanes.mantissa[t] + ((int32_t{1} << shift) >> 1)) >> shift);
      y[c * kBlockTokens + t] =
          static_cast<int16_t>(Saturate16(((n * channel_gain + 16384) >> 15) + channel_bias));
    }
  }
}

void Logits(const LogitsArgs& args, int16_t* logits, int16_t* maximum) {
  Int16Vector largest[kVectors];
  for (int64_t v = 0; v < kVectors; ++v)
    largest[v] = Int16Vector{} - static_cast<int16_t>(32767) - static_cast<int16_t>(1);
  const int32_t half = (int32_t{1} << args.shift) >> 1;
  for (int64_t j = 0; j < args.key_count; ++j) {
    PairSums sums;
    const int16_t* const key = args.keys + 2 * args.channel_pairs * j;
    for (int64_t p = 0; p < args.channel_pairs; ++p) {
      const int16_t* const rows = args.queries + 2 * p * kBlockTokens;
      sums.Add(rows, rows + kBlockTokens, key[2 * p], key[2 * p + 1]);
    }
    for (int64_t v = 0; v < kVectors; ++v) {
      int16_t* const out = logits + j * kBlockTokens + v * kLanes16;
      StoreInterleaved(
          Requantize(sums.Even(v, args.channel_pairs) + half, args.shift, args.multiplier),
          Requantize(sums.Odd(v, args.channel_pairs) + half, args.shift, args.multiplier), out);
      const Int16Vector t = *reinterpret_cast<const Int16Vector*>(out);
      largest[v] = t > largest[v] ? t : largest[v];
    }
  }
  for (int64_t v = 0; v < kVectors; ++v) {
    *reinterpret_cast<Int16Vector*>(maximum + v * kLanes16) = largest[v];
  }
}

void Softmax(int16_t* logits, int64_t key_count, const int16_t* maximum, const uint8_t* exp_table,
             int32_t* sums) {
  int32_t local[kBlockTokens] = {};
  for (int64_t j = 0; j < key_count; ++j) {
    int16_t* const row = logits + j * kBlockTokens;
    uint8_t distance[kBlockTokens];
    for (int64_t t = 0; t < kBlockTokens; ++t) {
      distance[t] = static_cast<uint8_t>(Minimum(maximum[t] - row[t], 255));
    }
    for (int64_t t = 0; t < kBlockTokens; ++t) row[t] = exp_table[distance[t]];
    for (int64_t t = 0; t < kBlockTokens; ++t) local[t] += row[t];
  }
  for (int64_t t = 0; t < kBlockTokens; ++t) sums[t] = local[t];
}

void Context(const ContextArgs& args, int16_t* y) {
  for (int64_t c = 0; c < args.head_size; ++c) {
    PairSums sums;
    const int16_t* const value = args.values + 2 * args.key_pairs * c;
    for (int64_t p = 0; p < args.key_pairs; ++p) {
      const int16_t* const rows = args.probabilities + 2 * p * kBlockTokens;
      sums.Add(rows, rows + kBlockTokens, value[2 * p], value[2 * p + 1]);
    }
    int32_t accumulators[kBlockTokens];
    for (int64_t v = 0; v < kVectors; ++v) {
      const Int32Vector even = sums.Even(v, args.key_pairs);
      const Int32Vector odd = sums.Odd(v, args.key_pairs);
      for (int64_t i = 0; i < kLanes32; ++i) {
        accumulators[v * kLanes16 + 2 * i] = even[i];
        accumulators[v * kLanes16 + 2 * i + 1] = odd[i];
      }
    }
    for (int64_t t = 0; t < kBlockTokens; ++t) {
      const int32_t shift = args.shift[t];
      const int32_t rounded = (accumulators[t] + ((int32_t{1} << shift) >> 1)) >> shift;
      const int32_t scaled = (Saturate16(rounded) * args.multiplier[t] + 16384) >> 15;
      y[c * kBlockTokens + t] = static_cast<int16_t>(Clip8(scaled));
    }
  }
}

constexpr KernelTable MakeTable(const char* name) {
  return {.name = name,
          .linear = Linear,
          .residual_add = ResidualAdd,
          .int8_view = Int8View,
          .gelu = Gelu,
          .layer_norm_sums = LayerNormSums,
          .layer_norm_squares = LayerNormSquares,
          .layer_norm_apply = LayerNormApply,
          .logits = Logits,
          .softmax = Softmax,
          .context = Context};
}

}  // namespace
}  // namespace sta::emulator
// NOLINTEND(misc-definitions-in-headers)
