// SPDX-License-Identifier: Apache-2.0
//
// Executor: takes a chunk of a batch through a segment of a plan, on one thread, with scratch
// memory of its own that it keeps from run to run. SharedRows holds what chunks and segments share.
#ifndef ACCEL_EMULATOR_EXECUTOR_H_
#define ACCEL_EMULATOR_EXECUTOR_H_

#include <cstdint>
#include <span>
#include <vector>

#include "accel/device.h"
#include "accel/emulator/aligned_buffer.h"
#include "accel/emulator/batch_layout.h"
#include "accel/emulator/kernels.h"
#include "accel/emulator/packed_program.h"

namespace sta::emulator {

// Rows of some slots, block after block, each block with the space of block_slots rows.
class SlotRows {
 public:
  // Room for `blocks` blocks of every slot. Allocates only where there was less before.
  void Reserve(const std::vector<BufferSpec>& slots, int64_t blocks, int64_t block_slots);

  // The first byte of block `block` of a slot.
  uint8_t* At(uint16_t slot, int64_t block) {
    return buffers_[slot].data() + block * block_bytes_[slot];
  }

 private:
  std::vector<AlignedBuffer<uint8_t>> buffers_;
  std::vector<int64_t> block_bytes_;
};

// One run: what is computed and where its values are.
struct RunContext {
  const PackedProgram& program;
  const PackedSequences& batch;
  std::span<int16_t> output;
  const BatchLayout& layout;
  SlotRows& shared;
};

class Executor {
 public:
  // `kernels` outlives this.
  explicit Executor(const KernelTable& kernels) : kernels_(kernels) {}

  // Makes room for any chunk of the run, so that Run allocates nothing, whichever chunks it gets.
  // Once before the run's first chunk.
  void Prepare(const RunContext& run);

  // Every segment before `segment` is through for all chunks of the chunk's group.
  void Run(const RunContext& run, const Chunk& chunk, size_t segment);

 private:
  // A step's view of the chunk that is being run.
  struct ChunkRun {
    const RunContext& run;
    const Chunk& chunk;
    int64_t chunk_stride = 0;  // of int8 slots, in bytes
  };

  void Execute(const ChunkRun& at, const Step& step);
  void ExecuteBlock(const ChunkRun& at, const Step& step, int64_t block);
  void Linear(const ChunkRun& at, const Step& step, int64_t block);
  void LayerNorm(const ChunkRun& at, const Step& step, int64_t block);
  void Attention(const ChunkRun& at, const Step& step);
  void AttentionHead(const ChunkRun& at, const Step& step, int64_t head, int64_t sequence);
  // For heads whose channels do not lie in one cell as the kernel wants them.
  void StagedAttention(const ChunkRun& at, int64_t head_size, int64_t channel_in_cell,
                       AttentionArgs args);

  uint8_t* Bytes(const ChunkRun& at, Slot slot, int64_t block);
  int16_t* Values(const ChunkRun& at, Slot slot, int64_t block);

  const KernelTable& kernels_;
  SlotRows local_;
  AlignedBuffer<uint8_t> attention_scratch_;
  AlignedBuffer<uint8_t> staging_;
  AlignedBuffer<int64_t> staging_offsets_;
};

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_EXECUTOR_H_
