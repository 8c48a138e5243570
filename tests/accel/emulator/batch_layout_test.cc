// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/batch_layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "accel/emulator/kernels.h"
#include "tests/support/random_values.h"

namespace sta::emulator {
namespace {

using Offsets = std::vector<int32_t>;

Offsets OffsetsOf(const std::vector<int32_t>& lengths) {
  Offsets offsets = {0};
  for (const int32_t length : lengths) offsets.push_back(offsets.back() + length);
  return offsets;
}

BatchLayout Cut(const std::vector<int32_t>& lengths, const CutOptions& options) {
  BatchLayout layout;
  layout.Cut(OffsetsOf(lengths), options);
  return layout;
}

int64_t TokensOf(const BatchLayout& layout, const ChunkGroup& group) {
  return layout.chunks()[group.last_chunk - 1].last_token -
         layout.chunks()[group.first_chunk].first_token;
}

// Every token is in one block, every block in one chunk, every chunk in one group, all in order.
void ExpectCovers(const BatchLayout& layout, const Offsets& offsets, const CutOptions& options) {
  int64_t token = 0;
  for (const RowBlock& block : layout.blocks()) {
    ASSERT_EQ(block.first_token, token);
    ASSERT_GE(block.rows, 1);
    ASSERT_LE(block.rows, std::min(options.block_rows, layout.block_slots()));
    token += block.rows;
  }
  ASSERT_EQ(token, offsets.back());

  size_t block = 0;
  token = 0;
  for (const Chunk& chunk : layout.chunks()) {
    ASSERT_EQ(chunk.first_block, block);
    ASSERT_GT(chunk.last_block, chunk.first_block);
    ASSERT_EQ(chunk.first_token, token);
    ASSERT_EQ(chunk.first_token, layout.blocks()[chunk.first_block].first_token);
    const RowBlock& last = layout.blocks()[chunk.last_block - 1];
    ASSERT_EQ(chunk.last_token, last.first_token + last.rows);
    ASSERT_LE(offsets[chunk.first_sequence], chunk.first_token);
    ASSERT_GT(offsets[chunk.first_sequence + 1], chunk.first_token);
    block = chunk.last_block;
    token = chunk.last_token;
  }
  ASSERT_EQ(block, layout.blocks().size());

  size_t chunk = 0;
  for (const ChunkGroup& group : layout.groups()) {
    ASSERT_EQ(group.first_chunk, chunk);
    ASSERT_GT(group.last_chunk, group.first_chunk);
    const int64_t first_token = layout.chunks()[chunk].first_token;
    ASSERT_TRUE(std::binary_search(offsets.begin(), offsets.end(), first_token))
        << "a group begins inside a sequence";
    chunk = group.last_chunk;
  }
  ASSERT_EQ(chunk, layout.chunks().size());
}

// No two rows share a cell, and none lies outside its block.
void ExpectRowsLieApart(const BatchLayout& layout, const CutOptions& options) {
  const int64_t block_bytes = layout.block_slots() * options.hidden_width;
  size_t token = 0;
  for (size_t b = 0; b < layout.blocks().size(); ++b) {
    for (int64_t row = 0; row < layout.blocks()[b].rows; ++row, ++token) {
      ASSERT_EQ(layout.row_offsets()[token],
                static_cast<int64_t>(b) * block_bytes + row * kChunkChannels);
    }
  }
  ASSERT_EQ(layout.row_offsets().size(), token);
}

void ExpectBlocksOfAChunkAreOfOneSize(const BatchLayout& layout) {
  for (const Chunk& chunk : layout.chunks()) {
    const auto [least, most] = std::minmax_element(
        layout.blocks().begin() + static_cast<std::ptrdiff_t>(chunk.first_block),
        layout.blocks().begin() + static_cast<std::ptrdiff_t>(chunk.last_block),
        [](const RowBlock& a, const RowBlock& b) { return a.rows < b.rows; });
    ASSERT_LE(most->rows - least->rows, 1);
  }
}

// When the busiest thread ends, if each takes the next task as soon as it is free.
int64_t LastEnd(const std::vector<int64_t>& tasks, int threads) {
  std::multiset<int64_t> ends;
  for (int i = 0; i < threads; ++i) ends.insert(0);
  for (const int64_t task : tasks) {
    const int64_t free_at = *ends.begin();
    ends.erase(ends.begin());
    ends.insert(free_at + task);
  }
  return *ends.rbegin();
}

// Sharing by chunks is even by construction; by groups it may cost a group at most, and no group is
// larger than a chunk may be or its longest sequence is.
void ExpectBalanced(const BatchLayout& layout, const Offsets& offsets, const CutOptions& options) {
  const int64_t share = (offsets.back() + options.threads - 1) / options.threads;
  std::vector<int64_t> tasks;
  if (layout.groups().size() == 1) {
    for (const Chunk& chunk : layout.chunks()) {
      tasks.push_back(chunk.last_token - chunk.first_token);
    }
    const auto [least, most] = std::minmax_element(tasks.begin(), tasks.end());
    ASSERT_LE(*most - *least, 1);
    if (offsets.back() >= 4 * options.threads) {
      ASSERT_LE(LastEnd(tasks, options.threads), share + std::ssize(tasks));
    }
    return;
  }
  int64_t longest = 0;
  for (size_t i = 1; i < offsets.size(); ++i) {
    longest = std::max<int64_t>(longest, offsets[i] - offsets[i - 1]);
  }
  for (const ChunkGroup& group : layout.groups()) tasks.push_back(TokensOf(layout, group));
  const int64_t largest = *std::max_element(tasks.begin(), tasks.end());
  ASSERT_LE(largest, std::max(3 * options.chunk_rows / 2, longest));
  ASSERT_LE(LastEnd(tasks, options.threads), share + largest);
}

void ExpectChunksFitTheCache(const BatchLayout& layout, const CutOptions& options) {
  for (const Chunk& chunk : layout.chunks()) {
    ASSERT_LE(chunk.last_token - chunk.first_token, 3 * options.chunk_rows / 2);
  }
}

TEST(BatchLayoutTest, EveryTokenIsInOneBlockOneChunkAndOneGroup) {
  BatchLayout layout;  // one for all: what an earlier batch left must not show
  for (uint64_t seed = 1; seed <= 3000 && !testing::Test::HasFailure(); ++seed) {
    RandomValues random(seed);
    std::vector<int32_t> lengths(static_cast<size_t>(random.Uniform(1, 40)));
    const int64_t longest = random.Pick<int64_t>({1, 5, 40, 128, 600});
    for (int32_t& length : lengths) length = static_cast<int32_t>(random.Uniform(1, longest));
    const CutOptions options = {.threads = static_cast<int>(random.Uniform(1, 5)),
                                .block_rows = random.Uniform(1, kMaxBlockRows),
                                .chunk_rows = random.Uniform(48, 192),
                                .hidden_width = 64 * random.Uniform(1, 12)};
    SCOPED_TRACE(testing::Message()
                 << "seed " << seed << ", threads " << options.threads << ", block rows "
                 << options.block_rows << ", chunk rows " << options.chunk_rows << ", lengths "
                 << testing::PrintToString(lengths));
    const Offsets offsets = OffsetsOf(lengths);
    layout.Cut(offsets, options);
    ExpectCovers(layout, offsets, options);
    ExpectRowsLieApart(layout, options);
    ExpectBlocksOfAChunkAreOfOneSize(layout);
    ExpectChunksFitTheCache(layout, options);
    if (options.threads > 1) ExpectBalanced(layout, offsets, options);
  }
}

TEST(BatchLayoutTest, ManySequencesAreSharedByGroups) {
  const BatchLayout layout = Cut(std::vector<int32_t>(32, 128), {.threads = 2});
  EXPECT_EQ(layout.groups().size(), 32u);
  for (const ChunkGroup& group : layout.groups()) EXPECT_EQ(TokensOf(layout, group), 128);
}

TEST(BatchLayoutTest, ShortSequencesShareAGroup) {
  const BatchLayout layout = Cut(std::vector<int32_t>(64, 16), {.threads = 1});
  ASSERT_EQ(layout.groups().size(), 8u);
  for (const ChunkGroup& group : layout.groups()) EXPECT_EQ(TokensOf(layout, group), 128);
}

TEST(BatchLayoutTest, OneSequenceIsSharedByChunks) {
  const BatchLayout layout = Cut({128}, {.threads = 2});
  EXPECT_EQ(layout.groups().size(), 1u);
  ASSERT_EQ(layout.chunks().size(), 2u);
  EXPECT_EQ(layout.chunks()[0].last_token, 64);
}

TEST(BatchLayoutTest, OneLongSequenceBesideShortOnesIsSharedByChunks) {
  const BatchLayout layout = Cut({512, 8, 8, 8}, {.threads = 2});
  EXPECT_EQ(layout.groups().size(), 1u);
  EXPECT_EQ(layout.chunks().size() % 2, 0u);
}

TEST(BatchLayoutTest, TooFewTokensForAllThreadsAreNotCutSmall) {
  const BatchLayout layout = Cut({5}, {.threads = 8});
  ASSERT_EQ(layout.chunks().size(), 1u);
  EXPECT_EQ(layout.blocks().size(), 1u);
}

TEST(BatchLayoutTest, ALongSequenceOnOneThreadIsCutIntoChunksOfACache) {
  const BatchLayout layout = Cut({600}, {.threads = 1});
  EXPECT_EQ(layout.groups().size(), 1u);
  EXPECT_EQ(layout.chunks().size(), 4u);
}

}  // namespace
}  // namespace sta::emulator
