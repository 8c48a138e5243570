// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/device_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <optional>

#include "strings/str_cat.h"

namespace sta::virtual_xrt {
namespace {

std::span<uint8_t> Reserve(uint64_t bytes) {
  void* const address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) throw std::bad_alloc();
  return {static_cast<uint8_t*>(address), bytes};
}

}  // namespace

DeviceMemory::DeviceMemory(uint64_t base_address, uint64_t bytes)
    : base_address_(base_address), bytes_(Reserve(bytes)), allocator_(bytes) {}

DeviceMemory::~DeviceMemory() { munmap(bytes_.data(), bytes_.size()); }

absl::StatusOr<uint64_t> DeviceMemory::Allocate(uint64_t bytes) {
  std::optional<uint64_t> offset;
  uint64_t used = 0;
  {
    absl::MutexLock lock(&mutex_);
    offset = allocator_.Allocate(bytes);
    used = allocator_.used_bytes();
  }
  if (!offset.has_value()) {
    return absl::ResourceExhaustedError(
        StrCat("no ", bytes, " bytes in one piece: ", used, " of ", bytes_.size(), " are in use"));
  }
  std::ranges::fill(bytes_.subspan(*offset, bytes), kPattern);
  return base_address_ + *offset;
}

void DeviceMemory::Free(uint64_t address) {
  absl::MutexLock lock(&mutex_);
  allocator_.Free(address - base_address_);
}

uint64_t DeviceMemory::used_bytes() const {
  absl::MutexLock lock(&mutex_);
  return allocator_.used_bytes();
}

size_t DeviceMemory::buffer_count() const {
  absl::MutexLock lock(&mutex_);
  return allocator_.block_count();
}

}  // namespace sta::virtual_xrt
