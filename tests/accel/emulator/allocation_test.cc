// SPDX-License-Identifier: Apache-2.0
//
// The emulator allocates nothing in Run once it has seen a batch of the size. A binary of its own,
// because it replaces the global operator new.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <ostream>
#include <string>
#include <vector>

#include "accel/emulator/emulator_device.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "tests/support/random_rows.h"
#include "tests/support/status_matchers.h"

namespace {

std::atomic<int64_t> allocations = 0;

void* Allocate(size_t size, size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  const size_t rounded = (std::max<size_t>(size, 1) + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) std::abort();
  return memory;
}

constexpr size_t kDefault = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

}  // namespace

void* operator new(size_t size) { return Allocate(size, kDefault); }
void* operator new[](size_t size) { return Allocate(size, kDefault); }
void* operator new(size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace sta {
namespace {

struct AllocationCase {
  std::string name;
  int threads = 1;
  std::vector<int32_t> lengths;
  int64_t hidden_size = 64;
  int32_t heads = 2;
};

std::ostream& operator<<(std::ostream& out, const AllocationCase& c) { return out << c.name; }

class AllocationTest : public testing::TestWithParam<AllocationCase> {};

TEST_P(AllocationTest, ASteadyLoadAllocatesNothing) {
  const AllocationCase& c = GetParam();
  std::vector<int32_t> offsets = {0};
  for (const int32_t length : c.lengths) offsets.push_back(offsets.back() + length);
  const std::vector<int16_t> rows = RandomRows(offsets.back(), c.hidden_size, 1);
  std::vector<int16_t> output(rows.size());
  for (const std::string& kernels : EmulatorKernels()) {
    SCOPED_TRACE(kernels);
    const auto device = MakeEmulatorDevice({.threads = c.threads, .kernels = kernels});
    STA_ASSERT_OK_AND_ASSIGN(const auto program,
                             CompileProgram(RandomEncoder({.hidden_size = c.hidden_size,
                                                           .intermediate_size = 128,
                                                           .heads = c.heads,
                                                           .pattern = {2, 8}})));
    STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program));
    const int64_t before_first = allocations;
    ASSERT_THAT(device->Run(*loaded, {rows, offsets}, output, absl::InfiniteFuture()), IsOk());
    EXPECT_GT(allocations, before_first) << "the counter does not count";

    const int64_t before = allocations;
    bool all_ran = true;
    for (int run = 0; run < 20; ++run) {
      all_ran &= device->Run(*loaded, {rows, offsets}, output, absl::InfiniteFuture()).ok();
    }
    EXPECT_EQ(allocations, before);
    EXPECT_TRUE(all_ran);
  }
}

// Heads of 20 channels cross cells, so they are staged.
INSTANTIATE_TEST_SUITE_P(
    Cases, AllocationTest,
    testing::Values(AllocationCase{"OneThreadOneSequence", 1, {100}},
                    AllocationCase{"OneThreadManySequences", 1, {60, 1, 70, 80, 33, 90}},
                    AllocationCase{"TwoThreadsShareChunks", 2, {101}},
                    AllocationCase{"TwoThreadsShareGroups", 2, std::vector<int32_t>(16, 40)},
                    AllocationCase{"TwoThreadsShareUnequalGroups", 2, {96, 60, 9, 100, 96, 70, 80}},
                    AllocationCase{"StagedHeads", 2, {50, 3, 99}, 60, 3}),
    [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace sta
