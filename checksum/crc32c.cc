// SPDX-License-Identifier: Apache-2.0
#include "checksum/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <limits>

namespace sta {

uint32_t Crc32c(std::span<const std::byte> bytes) {
  // ISA-L leaves the inversions before and after to its caller, and counts in int.
  constexpr size_t kMostAtATime = std::numeric_limits<int>::max();
  uint32_t crc = ~uint32_t{0};
  while (!bytes.empty()) {
    const auto head = bytes.first(std::min(bytes.size(), kMostAtATime));
    // The parameter lacks a const: nothing is written.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(head.data()));
    crc = crc32_iscsi(data, static_cast<int>(head.size()), crc);
    bytes = bytes.subspan(head.size());
  }
  return ~crc;
}

}  // namespace sta
