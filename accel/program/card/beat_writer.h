// SPDX-License-Identifier: Apache-2.0
//
// Little-endian bytes in whole beats. Internal to accel/program/card.
#ifndef ACCEL_PROGRAM_CARD_BEAT_WRITER_H_
#define ACCEL_PROGRAM_CARD_BEAT_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "accel/program/card/card_config.h"

namespace sta::card {

template <typename T>
void AppendLittleEndian(std::vector<uint8_t>& bytes, T value) {
  const auto bits = static_cast<std::make_unsigned_t<T>>(value);
  for (size_t byte = 0; byte < sizeof(T); ++byte) {
    bytes.push_back(static_cast<uint8_t>(bits >> (8 * byte)));
  }
}

inline void FillBeat(std::vector<uint8_t>& bytes) {
  bytes.resize(static_cast<size_t>(RoundUp(std::ssize(bytes), kBeatBytes)));
}

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_BEAT_WRITER_H_
