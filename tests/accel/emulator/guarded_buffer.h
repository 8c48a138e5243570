// SPDX-License-Identifier: Apache-2.0
//
// GuardedBuffer: memory for a kernel's operand, aligned to 64 bytes, whose end is a page that may
// not be touched: a read or write beyond the last whole 64 bytes ends the test. Bytes before the
// first one and between the last one and that page hold a pattern: GuardsAreIntact tells whether
// somebody wrote there, and AddressSanitizer catches who reads there.
//
//   GuardedBuffer<int16_t> y;
//   int16_t* data = y.Resize(rows * stride);   // content: kGuardByte everywhere
//
// Keeps its pages from use to use, so that a case costs no system call. Not thread-safe.
#ifndef TESTS_ACCEL_EMULATOR_GUARDED_BUFFER_H_
#define TESTS_ACCEL_EMULATOR_GUARDED_BUFFER_H_

#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace sta::emulator {

inline constexpr uint8_t kGuardByte = 0xA5;

template <typename T>
class GuardedBuffer {
 public:
  GuardedBuffer() = default;
  ~GuardedBuffer() { Unmap(); }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  // Room for `size` values; what was there is lost.
  T* Resize(int64_t size) {
    used_bytes_ = static_cast<size_t>(size) * sizeof(T);
    const size_t rounded = (used_bytes_ + kAlignment - 1) / kAlignment * kAlignment;
    if (kGuardBytes + rounded > mapped_bytes_) Map(kGuardBytes + rounded);
    // Only what lies next to the values is looked at, so only that is filled.
    ASAN_UNPOISON_MEMORY_REGION(pages_, mapped_bytes_);
    data_ = pages_ + mapped_bytes_ - rounded;
    std::memset(data_ - kGuardBytes, kGuardByte, kGuardBytes + rounded);
    ASAN_POISON_MEMORY_REGION(data_ - kGuardBytes, kGuardBytes);
    ASAN_POISON_MEMORY_REGION(data_ + used_bytes_, rounded - used_bytes_);
    return data();
  }

  T* data() { return reinterpret_cast<T*>(data_); }
  const T* data() const { return reinterpret_cast<const T*>(data_); }
  int64_t size() const { return static_cast<int64_t>(used_bytes_ / sizeof(T)); }

  bool GuardsAreIntact() const {
    if (pages_ == nullptr) return true;
    ASAN_UNPOISON_MEMORY_REGION(pages_, mapped_bytes_);
    const auto is_guard = [](uint8_t byte) { return byte == kGuardByte; };
    return std::all_of(data_ - kGuardBytes, data_, is_guard) &&
           std::all_of(data_ + used_bytes_, pages_ + mapped_bytes_, is_guard);
  }

 private:
  static constexpr size_t kAlignment = 64;
  static constexpr size_t kGuardBytes = 256;
  static constexpr size_t kPageBytes = 4096;

  void Map(size_t bytes) {
    Unmap();
    mapped_bytes_ = (2 * bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    void* const pages = mmap(nullptr, mapped_bytes_ + kPageBytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) std::abort();
    pages_ = static_cast<uint8_t*>(pages);
    if (mprotect(pages_ + mapped_bytes_, kPageBytes, PROT_NONE) != 0) std::abort();
  }

  void Unmap() {
    if (pages_ == nullptr) return;
    ASAN_UNPOISON_MEMORY_REGION(pages_, mapped_bytes_);
    munmap(pages_, mapped_bytes_ + kPageBytes);
  }

  uint8_t* pages_ = nullptr;
  size_t mapped_bytes_ = 0;  // without the page that may not be touched
  uint8_t* data_ = nullptr;
  size_t used_bytes_ = 0;
};

}  // namespace sta::emulator

#endif  // TESTS_ACCEL_EMULATOR_GUARDED_BUFFER_H_
