// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/batch_layout.h"

#include <algorithm>

#include "accel/emulator/kernels.h"

namespace sta::emulator {
namespace {

// A chunk of fewer rows than this costs more in repeated reading of weights than a second thread
// gives.
constexpr int64_t kLeastChunkRows = 4;
// How much longer than an even share the busiest thread may take before chunks are shared instead.
constexpr double kBalanceTolerance = 1.1;

int64_t DivideRoundingUp(int64_t x, int64_t y) { return (x + y - 1) / y; }

}  // namespace

void BatchLayout::Cut(std::span<const int32_t> offsets, const CutOptions& options) {
  blocks_.clear();
  chunks_.clear();
  groups_.clear();
  block_slots_ = 0;
  most_chunk_blocks_ = 0;
  longest_sequence_ = 0;
  for (size_t i = 1; i < offsets.size(); ++i) {
    longest_sequence_ = std::max<int64_t>(longest_sequence_, offsets[i] - offsets[i - 1]);
  }
  MakeGroups(offsets, options);
  if (options.threads > 1 && !GroupsAreBalanced(offsets, options.threads)) {
    const int64_t tokens = offsets.back();
    const int64_t most_parts = std::max<int64_t>(1, tokens / kLeastChunkRows);
    const int64_t rounds = DivideRoundingUp(tokens, options.chunk_rows * options.threads);
    AddChunks(offsets, options, 0, tokens, std::min(most_parts, rounds * options.threads));
    groups_.push_back({0, chunks_.size()});
  } else {
    for (size_t i = 0; i + 1 < group_starts_.size(); ++i) {
      const int64_t first = offsets[group_starts_[i]];
      const int64_t last = offsets[group_starts_[i + 1]];
      const size_t first_chunk = chunks_.size();
      AddChunks(offsets, options, first, last,
                DivideRoundingUp(last - first, 3 * options.chunk_rows / 2));
      groups_.push_back({first_chunk, chunks_.size()});
    }
  }
  PlaceRows(options);
}

// Whole sequences in order until a group holds a chunk's rows. With threads, no group is larger
// than needed for each thread to have some.
void BatchLayout::MakeGroups(std::span<const int32_t> offsets, const CutOptions& options) {
  const int64_t share = DivideRoundingUp(offsets.back(), 2 * options.threads);
  const int64_t target =
      options.threads > 1 ? std::min(options.chunk_rows, share) : options.chunk_rows;
  group_starts_.assign(1, 0);
  for (size_t i = 1; i + 1 < offsets.size(); ++i) {
    const int64_t held = offsets[i] - offsets[group_starts_.back()];
    const int64_t with_next = offsets[i + 1] - offsets[group_starts_.back()];
    if (held >= target || with_next > 3 * target / 2) group_starts_.push_back(i);
  }
  group_starts_.push_back(offsets.size() - 1);
}

// Whether threads that take the next group whenever they are free end at about the same time.
bool BatchLayout::GroupsAreBalanced(std::span<const int32_t> offsets, int threads) const {
  const size_t groups = group_starts_.size() - 1;
  if (groups < static_cast<size_t>(threads)) return false;
  int64_t largest = 0;
  for (size_t i = 0; i < groups; ++i) {
    largest = std::max<int64_t>(largest, offsets[group_starts_[i + 1]] - offsets[group_starts_[i]]);
  }
  // Greedy scheduling ends at most one group after the even share, and in whole rounds at least.
  const double share = static_cast<double>(offsets.back()) / threads;
  const auto rounds = static_cast<double>(DivideRoundingUp(static_cast<int64_t>(groups), threads));
  const double average = static_cast<double>(offsets.back()) / static_cast<double>(groups);
  const double expected =
      std::max(rounds * average, share + (static_cast<double>(largest) - average) / 2);
  return expected <= kBalanceTolerance * share;
}

void BatchLayout::AddChunks(std::span<const int32_t> offsets, const CutOptions& options,
                            int64_t first_token, int64_t last_token, int64_t parts) {
  const int64_t tokens = last_token - first_token;
  for (int64_t part = 0; part < parts; ++part) {
    Chunk chunk;
    chunk.first_block = blocks_.size();
    chunk.first_token = first_token + tokens * part / parts;
    chunk.last_token = first_token + tokens * (part + 1) / parts;
    AddBlocks(options, chunk.first_token, chunk.last_token);
    chunk.last_block = blocks_.size();
    most_chunk_blocks_ =
        std::max(most_chunk_blocks_, static_cast<int64_t>(chunk.last_block - chunk.first_block));
    const auto after = std::upper_bound(offsets.begin(), offsets.end(), chunk.first_token);
    chunk.first_sequence = static_cast<size_t>(after - offsets.begin()) - 1;
    chunks_.push_back(chunk);
  }
}

void BatchLayout::AddBlocks(const CutOptions& options, int64_t first_token, int64_t last_token) {
  const int64_t tokens = last_token - first_token;
  const int64_t parts = DivideRoundingUp(tokens, options.block_rows);
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t first = first_token + tokens * part / parts;
    const int64_t last = first_token + tokens * (part + 1) / parts;
    blocks_.push_back({first, last - first});
    block_slots_ = std::max(block_slots_, last - first);
  }
}

void BatchLayout::PlaceRows(const CutOptions& options) {
  row_offsets_.clear();
  for (size_t b = 0; b < blocks_.size(); ++b) {
    const int64_t base = static_cast<int64_t>(b) * block_slots_ * options.hidden_width;
    for (int64_t row = 0; row < blocks_[b].rows; ++row) {
      row_offsets_.push_back(base + row * kChunkChannels);
    }
  }
}

}  // namespace sta::emulator
