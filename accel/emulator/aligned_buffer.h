// SPDX-License-Identifier: Apache-2.0
//
// AlignedBuffer: a growing array on a cache line's boundary, of plain numbers. Growing loses the
// content; shrinking never happens, so a steady load allocates nothing.
#ifndef ACCEL_EMULATOR_ALIGNED_BUFFER_H_
#define ACCEL_EMULATOR_ALIGNED_BUFFER_H_

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace sta::emulator {

// Allocates on the boundary of a cache line and of the widest vector; large arrays, on that of a
// huge page, and asks for huge pages, which spare the processor most of its page walks.
template <typename T>
struct CacheLineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};
  static constexpr size_t kHugePageBytes = size_t{2} << 20;

  CacheLineAllocator() = default;
  template <typename Other>
  // NOLINTNEXTLINE(google-explicit-constructor): containers rebind allocators implicitly.
  CacheLineAllocator(const CacheLineAllocator<Other>& /*other*/) {}

  T* allocate(size_t count) {
    const size_t bytes = count * sizeof(T);
    if (!IsLarge(count)) return static_cast<T*>(::operator new(bytes, kAlignment));
    void* const data = ::operator new (bytes, std::align_val_t{kHugePageBytes});
    madvise(data, bytes / kHugePageBytes * kHugePageBytes, MADV_HUGEPAGE);  // a wish: may fail
    return static_cast<T*>(data);
  }
  void deallocate(T* data, size_t count) {
    ::operator delete(data, IsLarge(count) ? std::align_val_t{kHugePageBytes} : kAlignment);
  }
  static bool IsLarge(size_t count) { return count * sizeof(T) >= kHugePageBytes; }
  friend bool operator==(const CacheLineAllocator&, const CacheLineAllocator&) { return true; }
};

template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(int64_t size) { Reserve(size); }

  // Makes room for `size` values; where that is more than before, all are zero.
  void Reserve(int64_t size) {
    if (size > this->size()) values_.assign(static_cast<size_t>(size), T{0});
  }

  int64_t size() const { return static_cast<int64_t>(values_.size()); }
  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }

 private:
  std::vector<T, CacheLineAllocator<T>> values_;
};

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_ALIGNED_BUFFER_H_
