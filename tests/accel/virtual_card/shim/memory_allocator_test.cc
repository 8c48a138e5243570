// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/memory_allocator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <random>

namespace sta::virtual_xrt {
namespace {

constexpr uint64_t kPage = MemoryAllocator::kPageBytes;

TEST(MemoryAllocatorTest, TakesTheFirstPlaceThatFits) {
  MemoryAllocator allocator(4 * kPage);
  EXPECT_EQ(allocator.Allocate(1), 0);
  EXPECT_EQ(allocator.Allocate(kPage + 1), kPage);
  EXPECT_EQ(allocator.Allocate(kPage), 3 * kPage);
  EXPECT_EQ(allocator.Allocate(1), std::nullopt);
  allocator.Free(0);
  allocator.Free(3 * kPage);
  EXPECT_EQ(allocator.used_bytes(), 2 * kPage);
  EXPECT_EQ(allocator.block_count(), 1);
  EXPECT_EQ(allocator.Allocate(2 * kPage), std::nullopt);  // free, but in pieces
  EXPECT_EQ(allocator.Allocate(kPage), 0);
  EXPECT_EQ(allocator.Allocate(kPage), 3 * kPage);
}

TEST(MemoryAllocatorTest, RefusesWhatCannotBe) {
  MemoryAllocator allocator(kPage + 100);
  EXPECT_EQ(allocator.Allocate(0), std::nullopt);
  EXPECT_EQ(allocator.Allocate(kPage + 1), std::nullopt);  // two pages
  EXPECT_EQ(allocator.Allocate(UINT64_MAX), std::nullopt);
  EXPECT_EQ(allocator.Allocate(kPage), 0);
}

TEST(MemoryAllocatorTest, NeverGivesAByteTwice) {
  constexpr uint64_t kPages = 64;
  MemoryAllocator allocator(kPages * kPage);
  std::mt19937_64 random(1);
  std::map<uint64_t, uint64_t> blocks;  // pages by offset
  uint64_t used = 0;
  for (int step = 0; step < 10'000; ++step) {
    const uint64_t pages = 1 + random() % 8;
    if (random() % 2 == 0) {
      const std::optional<uint64_t> offset = allocator.Allocate(pages * kPage);
      if (offset.has_value()) {
        const auto next = blocks.lower_bound(*offset);
        if (next != blocks.end()) {
          EXPECT_LE(*offset + pages * kPage, next->first);
        }
        if (next != blocks.begin()) {
          const auto& [before, size] = *std::prev(next);
          EXPECT_LE(before + size * kPage, *offset);
        }
        EXPECT_LE(*offset + pages * kPage, kPages * kPage);
        blocks.emplace(*offset, pages);
        used += pages;
      }
    } else if (!blocks.empty()) {
      const auto block = std::next(blocks.begin(), static_cast<int64_t>(random() % blocks.size()));
      allocator.Free(block->first);
      used -= block->second;
      blocks.erase(block);
    }
    ASSERT_EQ(allocator.used_bytes(), used * kPage);
  }
}

}  // namespace
}  // namespace sta::virtual_xrt
