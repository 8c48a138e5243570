// SPDX-License-Identifier: Apache-2.0
//
// AlignedBuffer: a growing array on a cache line's boundary, of plain numbers. Growing loses the
// content; shrinking never happens, so a steady load allocates nothing.
#ifndef ACCEL_EMULATOR_ALIGNED_BUFFER_H_
#define ACCEL_EMULATOR_ALIGNED_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace sta::emulator {

template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(int64_t size) { Reserve(size); }
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  // Makes room for `size` values; new ones are zero.
  void Reserve(int64_t size) {
    if (size <= size_) return;
    const auto count = static_cast<size_t>(size);
    data_.reset(static_cast<T*>(::operator new(count * sizeof(T), kAlignment)));
    std::fill_n(data_.get(), count, T{0});
    size_ = size;
  }

  int64_t size() const { return size_; }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }

 private:
  static constexpr std::align_val_t kAlignment{64};

  struct Free {
    void operator()(T* data) const { ::operator delete(data, kAlignment); }
  };

  std::unique_ptr<T, Free> data_;
  int64_t size_ = 0;
};

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_ALIGNED_BUFFER_H_
