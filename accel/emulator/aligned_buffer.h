// SPDX-License-Identifier: Apache-2.0
//
// AlignedBuffer: a growing array of int16 on a cache line's boundary, for activations. Growing
// loses the content; shrinking never happens, so a steady load allocates nothing.
#ifndef ACCEL_EMULATOR_ALIGNED_BUFFER_H_
#define ACCEL_EMULATOR_ALIGNED_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace sta::emulator {

class AlignedBuffer {
 public:
  // Makes room for `size` values; new ones are zero.
  void Reserve(int64_t size) {
    if (size <= size_) return;
    const auto count = static_cast<size_t>(size);
    data_.reset(static_cast<int16_t*>(::operator new(count * sizeof(int16_t), kAlignment)));
    std::fill_n(data_.get(), count, int16_t{0});
    size_ = size;
  }

  int16_t* data() { return data_.get(); }
  const int16_t* data() const { return data_.get(); }

 private:
  static constexpr std::align_val_t kAlignment{64};

  struct Free {
    void operator()(int16_t* data) const { ::operator delete(data, kAlignment); }
  };

  std::unique_ptr<int16_t, Free> data_;
  int64_t size_ = 0;
};

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_ALIGNED_BUFFER_H_
