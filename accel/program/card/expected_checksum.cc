// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/expected_checksum.h"

#include <variant>

#include "accel/program/card/checksum.h"
#include "accel/program/card/constants_layout.h"

namespace sta::card {

ImageChecksums::ImageChecksums(const CardImage& image) {
  sums_.reserve(static_cast<size_t>(image.beats()) + 1);
  const std::span<const uint8_t> bytes(image.bytes);
  for (size_t beat = 0; beat < bytes.size() / kBeatBytes; ++beat) {
    sums_.push_back(sums_.back() +
                    BeatChecksum(bytes.subspan(beat * kBeatBytes).first<kBeatBytes>(), beat));
  }
}

uint32_t ExpectedProgramChecksum(const ImageChecksums& sums,
                                 std::span<const CardInstruction> stream,
                                 std::span<const uint8_t> encoded, const CardConfig& config) {
  uint32_t sum = RegionChecksum(encoded, 0);
  for (const CardInstruction& instruction : stream) {
    if (const auto* matmul = std::get_if<MatmulInstruction>(&instruction.operation)) {
      sum += sums.Sum(matmul->weight_beat, WeightStreamBeats(*matmul, config));
    } else if (const auto* vector = std::get_if<VectorInstruction>(&instruction.operation)) {
      sum += sums.Sum(vector->parameter_beat, ParameterBeatsOf(*vector, config));
    }
  }
  return sum;
}

}  // namespace sta::card
