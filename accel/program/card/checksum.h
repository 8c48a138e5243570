// SPDX-License-Identifier: Apache-2.0
//
// The checksum that a card keeps over the beats that it reads and writes:
// accel/rtl/doc/instruction-set.md, "Checksum". A sum does not depend on the order of transfers, so
// a host makes the same sum from the regions that it knows the card to have transferred.
//
//   uint32_t sum = RegionChecksum(input, 0);
//
// Pure functions.
#ifndef ACCEL_PROGRAM_CARD_CHECKSUM_H_
#define ACCEL_PROGRAM_CARD_CHECKSUM_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "accel/program/card/card_config.h"

namespace sta::card {

// The share of one beat. `beat_index` counts from the start of its region; as regions begin at
// multiples of 32 beats, it is the beat's address as far as the checksum sees it.
inline uint32_t BeatChecksum(std::span<const uint8_t, kBeatBytes> beat, uint64_t beat_index) {
  static_assert(std::endian::native == std::endian::little, "words are copied as they lie");
  std::array<uint32_t, kBeatBytes / sizeof(uint32_t)> words;
  std::memcpy(words.data(), beat.data(), beat.size());
  uint32_t sum = 0;
  // With the loop unrolled every rotation is a constant: 5 times as fast, and hosts make these sums
  // of all that they send and receive.
#pragma GCC unroll 16
  for (size_t i = 0; i < words.size(); ++i) sum += std::rotl(words[i], static_cast<int>(i));
  return std::rotl(sum, static_cast<int>(beat_index % 32));
}

// The sum of whole beats that begin at beat `first_beat` of their region; what is left over at the
// end is not part of it.
inline uint32_t RegionChecksum(std::span<const uint8_t> bytes, uint64_t first_beat) {
  uint32_t sum = 0;
  for (size_t beat = 0; beat < bytes.size() / kBeatBytes; ++beat) {
    sum += BeatChecksum(bytes.subspan(beat * kBeatBytes).first<kBeatBytes>(), first_beat + beat);
  }
  return sum;
}

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_CHECKSUM_H_
