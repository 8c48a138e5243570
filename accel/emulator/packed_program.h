// SPDX-License-Identifier: Apache-2.0
//
// PackedProgram: a Program laid out for one set of kernels. Made once at Load, immutable, shared by
// all threads of the device.
#ifndef ACCEL_EMULATOR_PACKED_PROGRAM_H_
#define ACCEL_EMULATOR_PACKED_PROGRAM_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "accel/device.h"
#include "accel/emulator/aligned_buffer.h"
#include "accel/emulator/execution_plan.h"
#include "accel/emulator/kernels.h"
#include "accel/emulator/packed_matrix.h"

namespace sta::emulator {

// LinearArgs' constants of one matrix.
struct PackedLinear {
  PackedMatrix packed;  // but for the weights, which all stand in one array
  MatrixView matrix;
  AlignedBuffer<int32_t> start;
  AlignedBuffer<int32_t> shift;
  AlignedBuffer<int16_t> multiplier;
};

struct PackedGelu {
  AlignedBuffer<uint8_t> tables;  // [2][256], codes to codes
  AlignedBuffer<uint16_t> classes;
};

struct PackedLayerNorm {
  AlignedBuffer<int16_t> gain;
  AlignedBuffer<int16_t> bias;
  int64_t width = 0;
  int64_t mean_reciprocal = 0;
  uint64_t epsilon = 1;
};

class PackedProgram final : public LoadedProgram {
 public:
  // `kernels` outlives this.
  PackedProgram(std::shared_ptr<const Program> program, const KernelTable& kernels);

  const Program& program() const { return *program_; }
  const ExecutionPlan& plan() const { return plan_; }
  const PackedLinear& linear(uint32_t index) const { return linears_[index]; }
  const PackedGelu& gelu(uint32_t index) const { return gelus_[index]; }
  const PackedLayerNorm& layer_norm(uint32_t index) const { return layer_norms_[index]; }
  const AlignedBuffer<int16_t>& view(uint32_t index) const { return views_[index]; }

  // How many rows of it a chunk should have so that its activations stay in a core's second-level
  // cache, and how many a block may have so that a kernel's stay in the first.
  int64_t chunk_rows() const { return chunk_rows_; }
  int64_t block_rows() const { return block_rows_; }

  int64_t memory_bytes() const override { return memory_bytes_; }

  // Multiplications that Run makes for a batch: what its time is proportional to.
  double WorkOf(std::span<const int32_t> sequence_offsets) const;

 private:
  void JoinWeights();
  void ChooseRows();
  void CountWork();

  const std::shared_ptr<const Program> program_;
  const ExecutionPlan plan_;
  std::vector<PackedLinear> linears_;
  // Of all matrices in the order of their use, so that they share huge pages and the processor's
  // prefetching runs on from one to the next.
  AlignedBuffer<uint8_t> weights_;
  std::vector<PackedGelu> gelus_;
  std::vector<PackedLayerNorm> layer_norms_;
  std::vector<AlignedBuffer<int16_t>> views_;
  int64_t memory_bytes_ = 0;
  int64_t chunk_rows_ = 0;
  int64_t block_rows_ = 0;
  double work_per_token_ = 0.0;
  double work_per_token_pair_ = 0.0;
};

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_PACKED_PROGRAM_H_
