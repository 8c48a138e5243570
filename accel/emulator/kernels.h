// SPDX-License-Identifier: Apache-2.0
//
// The emulator's inner loops as a table of functions over plain pointers, one table an instruction
// set. Each table's source is kernels-inl.h compiled with that set's flags; dispatch.h picks one.
//
// Layout: activations lie in blocks of 32 tokens, [channels][32], int8 values widened to int16; the
// token is the fastest dimension, so that one weight meets 32 tokens in one vector operation and no
// operation ever crosses lanes. Blocks are 64-byte aligned. Lanes without a token hold anything and
// are computed along. Every pointer below is to one block unless it says otherwise.
//
// Only plain types here, and no inline functions: an inline function compiled with wide vectors
// could be the copy that the linker keeps for every CPU.
#ifndef ACCEL_EMULATOR_KERNELS_H_
#define ACCEL_EMULATOR_KERNELS_H_

#include <cstdint>

namespace sta::emulator {

inline constexpr int64_t kBlockTokens = 32;

// Two kept weights of one output channel and the input channels they multiply. An odd last weight
// is paired with weight 0.
struct WeightPair {
  uint16_t channel0;
  uint16_t channel1;
  int16_t weight0;
  int16_t weight1;
};

// Section 3 of docs/arithmetic.md for one matrix; one entry a row in the last three.
struct LinearArgs {
  int64_t rows;
  int64_t pairs_per_row;
  const WeightPair* pairs;  // [rows][pairs_per_row]
  const int32_t* bias;
  const uint8_t* shift;
  const int16_t* multiplier;
  bool clip_to_int8;
};

// The constants of one block's LayerNorm, one entry a lane.
struct LayerNormLanes {
  int32_t mean[kBlockTokens];
  int32_t mantissa[kBlockTokens];  // of 1 / sqrt(W)
  int32_t shift[kBlockTokens];
};

// One head of one sequence against one block of its queries.
struct LogitsArgs {
  const int16_t* queries;  // [head_size_padded][32]
  const int16_t* keys;     // [key_count][head_size_padded], any alignment
  int64_t key_count;
  int64_t channel_pairs;  // head_size_padded / 2: an odd head size is padded with a zero channel
  int32_t shift;
  int32_t multiplier;
};

struct ContextArgs {
  const int16_t* probabilities;  // [key_count_padded][32]
  const int16_t* values;         // [head_size][key_count_padded], any alignment
  int64_t key_pairs;             // key_count_padded / 2: an odd count is padded with a zero key
  int64_t head_size;
  int32_t shift[kBlockTokens];       // n - k of the lane's row
  int32_t multiplier[kBlockTokens];  // mr of the lane's row
};

struct KernelTable {
  const char* name;  // the instruction set

  // x [columns][32] -> y [rows][32].
  void (*linear)(const LinearArgs& args, const int16_t* x, int16_t* y);
  // Section 4. `count` is in values: channels * 32, of one block or of many.
  void (*residual_add)(const int16_t* x, const int16_t* y, int64_t count, int16_t* out);
  void (*int8_view)(const int16_t* x, const int16_t* multiplier, int64_t channels, int16_t* y);
  // Section 6. `tables` is [2][256].
  void (*gelu)(const int16_t* x, const uint8_t* channel_class, const int8_t* tables,
               int64_t channels, int16_t* y);

  // Section 5 in three steps; the host computes mean and reciprocal root between them.
  void (*layer_norm_sums)(const int16_t* x, int64_t channels, int32_t* sums);
  void (*layer_norm_squares)(const int16_t* x, int64_t channels, const int32_t* mean,
                             uint64_t* squares);
  void (*layer_norm_apply)(const int16_t* x, int64_t channels, const LayerNormLanes& lanes,
                           const int16_t* gain, const int16_t* bias, int16_t* y);

  // Section 7: logits [key_count][32] and each lane's largest; then in their place probabilities
  // and their sums; then the context [head_size][32].
  void (*logits)(const LogitsArgs& args, int16_t* logits, int16_t* maximum);
  void (*softmax)(int16_t* logits, int64_t key_count, const int16_t* maximum,
                  const uint8_t* exp_table, int32_t* sums);
  void (*context)(const ContextArgs& args, int16_t* y);
};

const KernelTable& GenericKernels();
// Null where this build is for another processor family.
const KernelTable* Avx2Kernels();
const KernelTable* Avx512Kernels();

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_KERNELS_H_
