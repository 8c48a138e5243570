// SPDX-License-Identifier: Apache-2.0
//
// The emulator's inner loops as a table of functions over plain pointers, one table an instruction
// set (folders generic/, avx2/, avx512/). dispatch.h picks one for the processor that we run on.
//
// Layout of activations. Tokens lie in blocks of at most kMaxBlockRows rows.
//  - int8 values, one byte each as q + zero_code (KernelTable::zero_code, so -127..127 fits into
//    what the set multiplies best): [channels / 64][row slots][64]. A cell is the 64 bytes of one
//    row; the cells of one chunk of 64 channels stand row after row, `chunk_stride` bytes a chunk.
//  - int16 values: [rows][stride], the stride a multiple of 64.
// Widths are padded to whole chunks. What padding holds is arbitrary: weights there are zero.
// Every pointer is to the first row of a block and aligned to 64 bytes unless it says otherwise.
//
// Preconditions are the caller's (ExecutionPlan, BatchLayout); kernels check nothing and cannot
// fail. Only plain types here, and no inline functions: an inline function compiled with wide
// vectors could be the copy that the linker keeps for every CPU.
#ifndef ACCEL_EMULATOR_KERNELS_H_
#define ACCEL_EMULATOR_KERNELS_H_

#include <cstdint>

namespace sta {
struct NmMatrix;
}  // namespace sta

namespace sta::emulator {

struct PackedMatrix;

inline constexpr int64_t kChunkChannels = 64;
inline constexpr int64_t kMaxBlockRows = 12;
// Output channels whose requantization constants stand together.
inline constexpr int64_t kChannelGroup = 16;

// A matrix in the layout of one set's `linear`: what the fields mean beyond their names is that
// set's business; each `linear` begins with its layout.
struct MatrixView {
  const uint8_t* weights;   // in the order in which they are used
  const uint8_t* patterns;  // constants that the positions need, or null
  int64_t input_chunks;     // columns / 64, rounded up
  int64_t output_channels;  // rows
  int64_t steps;            // of a chunk
  bool is_dense;
};

enum class LinearOutput : uint8_t {
  kInt8,           // y8 = the requantized product
  kInt8Gelu,       // y8 = gelu(the requantized product)
  kInt16,          // y16 = the requantized product
  kInt16Residual,  // y16 = sat16(residual + the requantized product)
};

// Sections 3, 4 and 6 of docs/arithmetic.md for one matrix and one block of rows. Per-channel
// arrays are padded to whole chunks with zeros.
struct LinearArgs {
  MatrixView matrix;     // made by the same table's pack
  const int32_t* start;  // bias - zero_code * (sum of the channel's weights)
  const int32_t* shift;
  // Twice as long: groups of four channels stand twice in a row (m0..m3, m0..m3, m4..m7, ...), as
  // two rows' accumulators packed to int16 meet them.
  const int16_t* multiplier;

  const uint8_t* x;
  int64_t x_chunk_stride;
  int64_t rows;  // 1..kMaxBlockRows

  LinearOutput output;
  uint8_t* y8;
  int64_t y8_chunk_stride;
  int16_t* y16;
  const int16_t* residual;
  int64_t y16_stride;  // of y16 and of residual, in values

  // For kInt8Gelu: [2][256], entry and index as codes (byte of u8 -> byte of g8); bit c of
  // gelu_class[i] is the class of channel 16 * i + c.
  const uint8_t* gelu_tables;
  const uint16_t* gelu_class;
};

// Section 5, and of section 4 the int8 view of the result where `view` is not null. Per-channel
// arrays are padded to whole chunks with zeros.
struct LayerNormArgs {
  const int16_t* x;
  int16_t* y;  // may not be x
  int64_t stride;
  int64_t width;
  int64_t rows;
  int64_t mean_reciprocal;
  uint64_t epsilon;
  const int16_t* gain;
  const int16_t* bias;
  const int16_t* view;
  uint8_t* y8;
  int64_t y8_chunk_stride;
};

// Section 7 for one head: some queries of a sequence against all its keys. Row t of the sequence is
// the head_stride bytes at the base pointer + row_offsets[t].
struct AttentionArgs {
  const uint8_t* queries;
  const uint8_t* keys;
  const uint8_t* values;
  uint8_t* context;            // of row t: context + row_offsets[t] - context_origin
  const int64_t* row_offsets;  // [key_count]
  int64_t context_origin;
  int64_t first_query;
  int64_t query_count;
  int64_t key_count;
  // Head size rounded up to 16. Bytes of queries and keys beyond the head size are zero_code.
  int64_t head_stride;
  int32_t logit_shift;
  int32_t logit_multiplier;
  int32_t context_shift;
  int32_t context_multiplier;
  const uint8_t* exp_table;  // [256]
  uint8_t* scratch;          // AttentionScratchBytes(key_count, head_stride), aligned to 64
};

// Enough for every set's attention.
int64_t AttentionScratchBytes(int64_t key_count, int64_t head_stride);

// A LayerNorm row's 1 / sqrt(w), section 5: plain code for the sets' use.
struct RowScale {
  int32_t mantissa;
  int32_t shift;
};
RowScale ReciprocalSquareRoot(uint64_t w);

struct KernelTable {
  const char* name;   // the instruction set
  uint8_t zero_code;  // what is added to an int8 value to make its byte: 0 or 128

  // Lays a matrix out for this set's `linear`.
  PackedMatrix (*pack)(const NmMatrix& matrix);
  void (*linear)(const LinearArgs& args);
  void (*layer_norm)(const LayerNormArgs& args);
  void (*attention)(const AttentionArgs& args);
};

const KernelTable& GenericKernels();
// Null where this build is for another processor family.
const KernelTable* Avx2Kernels();
const KernelTable* Avx512Kernels();

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_KERNELS_H_
