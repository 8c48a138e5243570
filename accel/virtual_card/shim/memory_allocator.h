// SPDX-License-Identifier: Apache-2.0
//
// MemoryAllocator: which parts of a card's memory are in use. First fit, in pages, as the driver of
// a real card does it: memory can be in pieces.
//
//   MemoryAllocator allocator(256 << 20);
//   std::optional<uint64_t> offset = allocator.Allocate(5000);
//   allocator.Free(*offset);
//
// Thread-compatible.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_MEMORY_ALLOCATOR_H_
#define ACCEL_VIRTUAL_CARD_SHIM_MEMORY_ALLOCATOR_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace sta::virtual_xrt {

class MemoryAllocator {
 public:
  static constexpr uint64_t kPageBytes = 4096;

  explicit MemoryAllocator(uint64_t capacity_bytes) : capacity_(capacity_bytes) {}

  // The offset of `bytes` (at least one), a multiple of kPageBytes; nothing where none are free in
  // one piece.
  std::optional<uint64_t> Allocate(uint64_t bytes) {
    if (bytes == 0 || bytes > capacity_) return std::nullopt;
    const uint64_t size = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    uint64_t begin = 0;
    for (const auto& [offset, used] : blocks_) {
      if (offset - begin >= size) break;
      begin = offset + used;
    }
    if (begin > capacity_ || capacity_ - begin < size) return std::nullopt;
    blocks_.emplace(begin, size);
    used_ += size;
    return begin;
  }

  // `offset` is one that Allocate returned.
  void Free(uint64_t offset) {
    const auto block = blocks_.find(offset);
    used_ -= block->second;
    blocks_.erase(block);
  }

  uint64_t used_bytes() const { return used_; }
  size_t block_count() const { return blocks_.size(); }

 private:
  const uint64_t capacity_;
  std::map<uint64_t, uint64_t> blocks_;  // size by offset
  uint64_t used_ = 0;
};

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_MEMORY_ALLOCATOR_H_
