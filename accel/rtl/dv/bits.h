// SPDX-License-Identifier: Apache-2.0
//
// Bit fields of a Verilated model's ports, whatever type the port's width gives it: an unsigned
// integer up to 64 bits, VlWide (words of 32 bits) above.
//
//   SetBits(bench->rows_i, row * 16, 16, value);
//   GetSigned(bench->sum_o, i * 32, 32);
#ifndef ACCEL_RTL_DV_BITS_H_
#define ACCEL_RTL_DV_BITS_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace sta::rtl {

// Bits from `from` on, `count` of them, 1..64.
template <typename Port>
uint64_t GetBits(const Port& port, size_t from, size_t count) {
  const uint64_t mask = count == 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
  if constexpr (std::is_integral_v<Port>) {
    return static_cast<uint64_t>(port) >> from & mask;
  } else {
    uint64_t value = 0;
    for (size_t done = 0; done < count;) {
      const size_t shift = (from + done) % 32;
      value |= uint64_t{port[(from + done) / 32] >> shift} << done;
      done += 32 - shift;
    }
    return value & mask;
  }
}

// The same as a two's complement number.
template <typename Port>
int64_t GetSigned(const Port& port, size_t from, size_t count) {
  const uint64_t value = GetBits(port, from, count) << (64 - count);
  return static_cast<int64_t>(value) >> (64 - count);
}

// Stores the low `count` bits of `value`; the other bits of the port stay.
template <typename Port>
void SetBits(Port& port, size_t from, size_t count, uint64_t value) {
  if constexpr (std::is_integral_v<Port>) {
    const uint64_t mask = (count == 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1) << from;
    port = static_cast<Port>((port & ~mask) | (value << from & mask));
  } else {
    for (size_t done = 0; done < count;) {
      const size_t shift = (from + done) % 32;
      const size_t bits = count - done < 32 - shift ? count - done : 32 - shift;
      const uint32_t mask = (bits == 32 ? ~uint32_t{0} : (uint32_t{1} << bits) - 1) << shift;
      auto& word = port[(from + done) / 32];
      word = (word & ~mask) | (static_cast<uint32_t>(value >> done) << shift & mask);
      done += bits;
    }
  }
}

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_BITS_H_
