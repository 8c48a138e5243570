// SPDX-License-Identifier: Apache-2.0
//
// Sizes of the constants in a program image: accel/rtl/doc/instruction-set.md, the weight stream of
// MATMUL and the parameters of VECTOR. For whoever writes them, runs them or counts them.
//
// Pure functions; instructions have passed CheckInstruction.
#ifndef ACCEL_PROGRAM_CARD_CONSTANTS_LAYOUT_H_
#define ACCEL_PROGRAM_CARD_CONSTANTS_LAYOUT_H_

#include <cstdint>

#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"

namespace sta::card {

// MATMUL: bias int32, multiplier uint16, shift uint8, class uint8. VECTOR: g, b, k int16, 0.
inline constexpr int64_t kChannelParameterBytes = 8;
// Two tables, one a class.
inline constexpr int64_t kGeluTableBytes = 512;

// Beats of the parts of a weight stream: the tables come once, the others for each channel block.
struct WeightBeats {
  int64_t tables = 0;
  int64_t parameters = 0;
  int64_t values = 0;
  int64_t indices = 0;

  constexpr int64_t block() const { return parameters + values + indices; }
};

constexpr WeightBeats WeightBeatsOf(const MatmulInstruction& matmul, const CardConfig& config) {
  const int64_t weights = matmul.windows * matmul.steps * config.tile * config.lanes;
  return {.tables = matmul.gelu ? CeilDivide(kGeluTableBytes, kBeatBytes) : 0,
          .parameters = CeilDivide(config.tile * kChannelParameterBytes, kBeatBytes),
          .values = CeilDivide(weights, kBeatBytes),
          .indices = matmul.indexed ? CeilDivide(weights / 2, kBeatBytes) : 0};
}

// The whole weight stream.
constexpr int64_t WeightStreamBeats(const MatmulInstruction& matmul, const CardConfig& config) {
  const WeightBeats beats = WeightBeatsOf(matmul, config);
  return beats.tables + matmul.channel_blocks * beats.block();
}

constexpr int64_t ParameterBeatsOf(const VectorInstruction& vector, const CardConfig& config) {
  return CeilDivide(vector.channel_blocks * config.tile * kChannelParameterBytes, kBeatBytes);
}

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_CONSTANTS_LAYOUT_H_
