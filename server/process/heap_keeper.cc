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

int64_t Heap::FreeBytes() { return static_cast<int64_t>(mallinfo2().fordblks); }

void Heap::GiveBack() { malloc_trim(0); }

void HeapPolicy::Check() {
  const int64_t resident_bytes = heap_.ResidentBytes();
  // What is free may have been given back before, which the library does not tell.
  const bool has_grown = resident_bytes >= settled_bytes_ + kLeastBytes;
  if (has_grown && heap_.FreeBytes() >= kLeastBytes) {
    heap_.GiveBack();
    settled_bytes_ = heap_.ResidentBytes();
    return;
  }
  settled_bytes_ = std::min(settled_bytes_, resident_bytes);
}

HeapKeeper::HeapKeeper(Clock& clock) : thread_(clock, kInterval, [this] { policy_.Check(); }) {}

}  // namespace sta
