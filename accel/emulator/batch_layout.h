// SPDX-License-Identifier: Apache-2.0
//
// BatchLayout: how the rows of a batch are cut for one run of the emulator.
//
//  - A row block is up to kMaxBlockRows rows that a kernel holds in registers; blocks of a chunk
//  are
//    of equal size but for one row, so none is nearly empty.
//  - A chunk is a run of blocks that one thread takes through a segment of the plan: large enough
//    that reading the weights is shared by many rows, small enough that its activations stay in a
//    core's cache.
//  - A group is a run of whole sequences, and so of chunks. Groups have nothing to do with each
//    other.
// Two ways to share a batch between threads, the better one chosen by what the batch is:
//  - Each thread takes groups, and each through the whole program alone: nobody waits for anybody.
//    For batches of many sequences, which is what a deep queue gives.
//  - One group; the threads take chunks, and wait for each other once a segment. For few sequences.
//
// Reused from run to run; a steady load allocates nothing. Not thread-safe while Cut runs.
#ifndef ACCEL_EMULATOR_BATCH_LAYOUT_H_
#define ACCEL_EMULATOR_BATCH_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sta::emulator {

struct RowBlock {
  int64_t first_token = 0;
  int64_t rows = 0;
};

struct Chunk {
  size_t first_block = 0;
  size_t last_block = 0;  // one past the end
  int64_t first_token = 0;
  int64_t last_token = 0;     // one past the end
  size_t first_sequence = 0;  // the one that holds first_token
};

struct ChunkGroup {
  size_t first_chunk = 0;
  size_t last_chunk = 0;  // one past the end
};

struct CutOptions {
  int threads = 1;
  int64_t block_rows = 12;    // most rows of a block
  int64_t chunk_rows = 128;   // most rows of a chunk, about
  int64_t hidden_width = 64;  // padded to whole chunks of channels
};

class BatchLayout {
 public:
  // `sequence_offsets` as in PackedSequences.
  void Cut(std::span<const int32_t> sequence_offsets, const CutOptions& options);

  // Every block has the space of this many rows, whatever it holds.
  int64_t block_slots() const { return block_slots_; }
  const std::vector<RowBlock>& blocks() const { return blocks_; }
  const std::vector<Chunk>& chunks() const { return chunks_; }
  const std::vector<ChunkGroup>& groups() const { return groups_; }

  // Of the largest chunk and the longest sequence: what a thread's scratch memory must hold.
  int64_t most_chunk_blocks() const { return most_chunk_blocks_; }
  int64_t longest_sequence() const { return longest_sequence_; }

  // Where row `token` of a shared int8 slot of hidden_width channels begins, in bytes.
  const std::vector<int64_t>& row_offsets() const { return row_offsets_; }

 private:
  void MakeGroups(std::span<const int32_t> offsets, const CutOptions& options);
  bool GroupsAreBalanced(std::span<const int32_t> offsets, int threads) const;
  void AddChunks(std::span<const int32_t> offsets, const CutOptions& options, int64_t first_token,
                 int64_t last_token, int64_t parts);
  void AddBlocks(const CutOptions& options, int64_t first_token, int64_t last_token);
  void PlaceRows(const CutOptions& options);

  int64_t block_slots_ = 0;
  int64_t most_chunk_blocks_ = 0;
  int64_t longest_sequence_ = 0;
  std::vector<RowBlock> blocks_;
  std::vector<Chunk> chunks_;
  std::vector<ChunkGroup> groups_;
  std::vector<int64_t> row_offsets_;
  // Scratch of Cut: the sequence that each group begins with, and one past the last sequence.
  std::vector<size_t> group_starts_;
};

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_BATCH_LAYOUT_H_
