// SPDX-License-Identifier: Apache-2.0
#include "server/process/heap_keeper.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace sta {
namespace {

constexpr int64_t kMib = 1 << 20;

class FakeHeap final : public Heap {
 public:
  int64_t ResidentBytes() override { return resident_mib * kMib; }
  int64_t FreeBytes() override { return free_mib * kMib; }
  void GiveBack() override {
    ++given_back;
    resident_mib -= free_mib;
  }

  int64_t resident_mib = 100;
  int64_t free_mib = 1;
  int given_back = 0;
};

TEST(HeapPolicyTest, GivesBackWhatAFloodHasLeft) {
  FakeHeap heap;
  HeapPolicy policy(heap);
  policy.Check();
  EXPECT_EQ(heap.given_back, 0);
  heap.resident_mib = 800;  // in use
  policy.Check();
  EXPECT_EQ(heap.given_back, 0);
  heap.free_mib = 700;
  policy.Check();
  EXPECT_EQ(heap.given_back, 1);
  // The library goes on counting it as free; it has no pages any more.
  policy.Check();
  EXPECT_EQ(heap.given_back, 1);
  heap.resident_mib = 800;
  policy.Check();
  EXPECT_EQ(heap.given_back, 2);
}

TEST(HeapPolicyTest, LeavesWhatIsNotWorthIt) {
  FakeHeap heap;
  HeapPolicy policy(heap);
  policy.Check();
  heap.resident_mib += 40;
  heap.free_mib = 31;
  policy.Check();
  EXPECT_EQ(heap.given_back, 0);
}

TEST(HeapPolicyTest, ComparesWithTheLeastThatThereWas) {
  FakeHeap heap;
  HeapPolicy policy(heap);
  heap.free_mib = 50;
  policy.Check();
  heap.resident_mib = 60;
  policy.Check();
  heap.resident_mib = 92;
  policy.Check();
  EXPECT_EQ(heap.given_back, 1);
}

TEST(HeapTest, SeesTheHeapOfThisProcess) {
  Heap heap;
  EXPECT_GT(heap.ResidentBytes(), kMib);
  EXPECT_GE(heap.FreeBytes(), 0);
  heap.GiveBack();
}

}  // namespace
}  // namespace sta
