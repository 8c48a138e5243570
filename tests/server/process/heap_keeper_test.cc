// SPDX-License-Identifier: Apache-2.0
#include "server/process/heap_keeper.h"

#include <gtest/gtest.h>

namespace sta {
namespace {

constexpr int64_t kMib = 1 << 20;

// Of a process that has 30 MB beside its heap.
class FakeHeap final : public Heap {
 public:
  int64_t ResidentBytes() override { return (30 + used_mib + free_mib - given_back_mib) * kMib; }
  int64_t UsedBytes() override { return used_mib * kMib; }
  int64_t FreeBytes() override { return free_mib * kMib; }
  void GiveBack() override {
    ++times;
    given_back_mib = free_mib;
  }

  int64_t used_mib = 70;
  int64_t free_mib = 1;
  int64_t given_back_mib = 0;  // of the free
  int times = 0;
};

TEST(HeapPolicyTest, GivesBackWhatAFloodHasLeft) {
  FakeHeap heap;
  HeapPolicy policy(heap);
  heap.used_mib = 770;  // from the first look on
  policy.Check();
  EXPECT_EQ(heap.times, 0);
  heap.used_mib = 70;
  heap.free_mib = 701;
  policy.Check();
  EXPECT_EQ(heap.times, 1);
  // The library goes on counting it as free; it has no pages any more.
  policy.Check();
  EXPECT_EQ(heap.times, 1);
  heap.given_back_mib = 0;  // another, of the same size
  policy.Check();
  EXPECT_EQ(heap.times, 2);
}

TEST(HeapPolicyTest, LeavesWhatIsNotWorthIt) {
  FakeHeap heap;
  HeapPolicy policy(heap);
  heap.free_mib = 31;
  policy.Check();
  EXPECT_EQ(heap.times, 0);
  heap.free_mib = 33;
  policy.Check();
  EXPECT_EQ(heap.times, 1);
  heap.free_mib += 31;
  policy.Check();
  EXPECT_EQ(heap.times, 1);
  heap.free_mib += 1;
  policy.Check();
  EXPECT_EQ(heap.times, 2);
}

// A sanitizer has a heap of its own, of which the C library knows nothing.
TEST(HeapTest, SeesThisProcess) {
  Heap heap;
  EXPECT_GT(heap.ResidentBytes(), kMib);
  EXPECT_GE(heap.UsedBytes(), 0);
  EXPECT_GE(heap.FreeBytes(), 0);
  heap.GiveBack();
}

}  // namespace
}  // namespace sta
