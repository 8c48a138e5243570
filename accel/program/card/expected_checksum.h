// SPDX-License-Identifier: Apache-2.0
//
// The program checksum that a run must report (accel/rtl/doc/instruction-set.md, "Checksum"):
// instructions, weights and parameters, a beat as often as the card reads it. A host that finds
// another one knows that the card's memory, or what lies before it, was damaged.
//
//   const ImageChecksums sums(image);                                  // once an image
//   const uint32_t expected = ExpectedProgramChecksum(sums, run.stream, encoded_stream, config);
//
// Plain values and pure functions.
#ifndef ACCEL_PROGRAM_CARD_EXPECTED_CHECKSUM_H_
#define ACCEL_PROGRAM_CARD_EXPECTED_CHECKSUM_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "accel/program/card/card_config.h"
#include "accel/program/card/card_image.h"
#include "accel/program/card/instruction.h"

namespace sta::card {

// Sums of an image's beats, so that the sum of any part of it takes no pass over its bytes: a
// sixteenth of the image in size.
class ImageChecksums {
 public:
  explicit ImageChecksums(const CardImage& image);

  // As RegionChecksum of these beats; they lie in the image.
  uint32_t Sum(int64_t first_beat, int64_t beats) const {
    return sums_[static_cast<size_t>(first_beat + beats)] - sums_[static_cast<size_t>(first_beat)];
  }

 private:
  std::vector<uint32_t> sums_ = {0};  // [i]: of the first i beats
};

// `stream` is of the image of `sums` and ends with END; `encoded` is what EncodeStream made of it.
uint32_t ExpectedProgramChecksum(const ImageChecksums& sums,
                                 std::span<const CardInstruction> stream,
                                 std::span<const uint8_t> encoded, const CardConfig& config);

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_EXPECTED_CHECKSUM_H_
