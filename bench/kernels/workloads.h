// SPDX-License-Identifier: Apache-2.0
//
// What one call of a kernel works on, as the executor (accel/emulator/executor.h) calls it: a chunk
// of kTokens rows, block after block, with random operands. Constructors allocate, Run does not.
#ifndef BENCH_KERNELS_WORKLOADS_H_
#define BENCH_KERNELS_WORKLOADS_H_

#include <cstdint>
#include <vector>

#include "accel/emulator/aligned_buffer.h"
#include "accel/emulator/batch_layout.h"
#include "accel/emulator/kernels.h"
#include "accel/emulator/packed_matrix.h"
#include "model_store/codec/pattern.h"

namespace sta::bench {

inline constexpr int32_t kTokens = 128;

struct LinearShape {
  int64_t inputs = 0;
  int64_t outputs = 0;
};

// Dense-equivalent: two for each weight of the unpruned matrix and each of kTokens rows.
double LinearOperations(LinearShape shape);

emulator::PackedMatrix PackRandomMatrix(const emulator::KernelTable& kernels, LinearShape shape,
                                        Pattern pattern);

// Its output is what the shape has in an encoder: int8 where square, GELU where it widens, int16
// with a residual where it narrows. The weights, of the same table and shape, have to outlive it
// and may be those of other workloads, too.
class LinearWorkload {
 public:
  LinearWorkload(const emulator::KernelTable& kernels, LinearShape shape,
                 const emulator::PackedMatrix& weights);

  void Run();

 private:
  const emulator::KernelTable& kernels_;
  const LinearShape shape_;
  emulator::BatchLayout layout_;
  emulator::AlignedBuffer<int32_t> start_;
  emulator::AlignedBuffer<int32_t> shift_;
  emulator::AlignedBuffer<int16_t> multiplier_;
  emulator::AlignedBuffer<uint8_t> gelu_tables_;
  emulator::AlignedBuffer<uint16_t> gelu_class_;
  emulator::AlignedBuffer<uint8_t> x_;
  emulator::AlignedBuffer<uint8_t> y8_;
  emulator::AlignedBuffer<int16_t> y16_;
  emulator::AlignedBuffer<int16_t> residual_;
  emulator::LinearArgs args_{};  // of the first block
};

// One head; all keys and queries of a sequence.
class AttentionWorkload {
 public:
  AttentionWorkload(const emulator::KernelTable& kernels, int64_t tokens, int64_t head_size);

  void Run() { kernels_.attention(args_); }
  double rows() const { return static_cast<double>(args_.query_count); }

 private:
  const emulator::KernelTable& kernels_;
  emulator::AlignedBuffer<uint8_t> rows_[4];  // queries, keys, values, contexts
  emulator::AlignedBuffer<int64_t> row_offsets_;
  emulator::AlignedBuffer<uint8_t> exp_table_;
  emulator::AlignedBuffer<uint8_t> scratch_;
  emulator::AttentionArgs args_{};
};

// With an int8 view; one block of rows.
class LayerNormWorkload {
 public:
  LayerNormWorkload(const emulator::KernelTable& kernels, int64_t width);

  void Run() { kernels_.layer_norm(args_); }
  double rows() const { return static_cast<double>(args_.rows); }

 private:
  const emulator::KernelTable& kernels_;
  emulator::AlignedBuffer<int16_t> x_;
  emulator::AlignedBuffer<int16_t> y_;
  emulator::AlignedBuffer<int16_t> constants_;
  emulator::AlignedBuffer<uint8_t> y8_;
  emulator::LayerNormArgs args_{};
};

}  // namespace sta::bench

#endif  // BENCH_KERNELS_WORKLOADS_H_
