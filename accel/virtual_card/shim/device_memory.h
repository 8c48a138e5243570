// SPDX-License-Identifier: Apache-2.0
//
// DeviceMemory: the memory on a virtual card: another place than the host's, so that a transfer
// which the host forgot shows.
//
// Thread-safe, but for two that touch the same bytes: which of them wins is then as undefined as
// on a real card.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_DEVICE_MEMORY_H_
#define ACCEL_VIRTUAL_CARD_SHIM_DEVICE_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "accel/virtual_card/card_body.h"
#include "accel/virtual_card/shim/memory_allocator.h"

namespace sta::virtual_xrt {

class DeviceMemory {
 public:
  // What is allocated holds this until somebody writes to it, never zeros or what a buffer before
  // left.
  static constexpr uint8_t kPattern = 0xA5;

  // Takes address space; pages become real when they are allocated. Throws std::bad_alloc where the
  // machine has none.
  DeviceMemory(uint64_t base_address, uint64_t bytes);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  // The address of a new buffer. RESOURCE_EXHAUSTED says how much is free.
  absl::StatusOr<uint64_t> Allocate(uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  void Free(uint64_t address) ABSL_LOCKS_EXCLUDED(mutex_);

  // `address` and what follows it have been allocated.
  std::span<uint8_t> At(uint64_t address, uint64_t bytes) {
    return bytes_.subspan(address - base_address_, bytes);
  }

  card::BoardMemory board() const { return {base_address_, bytes_}; }
  uint64_t used_bytes() const ABSL_LOCKS_EXCLUDED(mutex_);
  size_t buffer_count() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const uint64_t base_address_;
  const std::span<uint8_t> bytes_;
  mutable absl::Mutex mutex_;
  MemoryAllocator allocator_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_DEVICE_MEMORY_H_
