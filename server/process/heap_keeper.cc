// SPDX-License-Identifier: Apache-2.0
#include "server/process/heap_keeper.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "absl/time/time.h"

namespace sta {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(10);

}  // namespace

int64_t Heap::ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t size_pages = 0;
  int64_t resident_pages = 0;
  if (!(file >> size_pages >> resident_pages)) return 0;
  return resident_pages * sysconf(_SC_PAGESIZE);
}

int64_t Heap::UsedBytes() {
  const struct mallinfo2 heap = mallinfo2();
  return static_cast<int64_t>(heap.uordblks + heap.hblkhd);
}

int64_t Heap::FreeBytes() { return static_cast<int64_t>(mallinfo2().fordblks); }

void Heap::GiveBack() { malloc_trim(0); }

int64_t HeapPolicy::ExcessBytes() {
  return std::max<int64_t>(0, heap_.ResidentBytes() - heap_.UsedBytes());
}

void HeapPolicy::Check() {
  const int64_t excess_bytes = ExcessBytes();
  const bool is_worth_it = excess_bytes >= settled_bytes_ + kLeastBytes;
  if (is_worth_it && heap_.FreeBytes() >= kLeastBytes) {
    heap_.GiveBack();
    settled_bytes_ = ExcessBytes();
    return;
  }
  settled_bytes_ = std::min(settled_bytes_, excess_bytes);
}

HeapKeeper::HeapKeeper(Clock& clock) : thread_(clock, kInterval, [this] { policy_.Check(); }) {}

}  // namespace sta
