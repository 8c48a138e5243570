// SPDX-License-Identifier: Apache-2.0
//
// What the epilogue must make of a tile, by accel/arithmetic.
#ifndef ACCEL_RTL_DV_EPILOGUE_MODEL_H_
#define ACCEL_RTL_DV_EPILOGUE_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "accel/arithmetic/attention.h"
#include "accel/arithmetic/gelu.h"
#include "accel/arithmetic/primitives.h"
#include "accel/arithmetic/requantize.h"
#include "accel/arithmetic/residual.h"
#include "accel/rtl/dv/step.h"

namespace sta::rtl {

struct ChannelParameters {
  int32_t bias = 0;
  int16_t multiplier = 0;
  uint8_t shift = 0;
  uint8_t channel_class = 0;
};

// The scale of all logits, or of a row of the context.
struct RowScale {
  int32_t shift = 0;
  int16_t multiplier = 0;
};

struct EpilogueTile {
  Tile tile;
  std::vector<int32_t> sums;  // [token][channel or key]
  size_t block = 0;           // of its instruction
};

struct EpilogueInstruction {
  std::vector<EpilogueTile> tiles;  // the last one has instruction_last, and only that one
  std::vector<std::vector<ChannelParameters>> blocks;
  std::optional<arithmetic::GeluTables> tables;
  RowScale logits;
};

// What a value of a tile becomes. `context` is the scale of its row, `residual` what it is added
// to.
inline int64_t EpilogueValue(const EpilogueInstruction& instruction, const Tile& tile, int32_t sum,
                             const ChannelParameters& channel, RowScale context, int16_t residual) {
  const int16_t value =
      arithmetic::Requantize16(sum + channel.bias, channel.shift, channel.multiplier);
  const int8_t code = arithmetic::Clip8(value);
  switch (tile.kind) {
    case TileKind::kActivation:
      return tile.gelu ? arithmetic::Gelu(*instruction.tables, channel.channel_class, code) : code;
    case TileKind::kKeyValue:
      return code;
    case TileKind::kResidual:
      return arithmetic::ResidualAdd(residual, value);
    case TileKind::kScore:
      return arithmetic::AttentionLogit(sum, instruction.logits.shift,
                                        instruction.logits.multiplier);
    case TileKind::kContext:
      return arithmetic::Context(sum, context.shift, context.multiplier);
  }
  return 0;
}

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_EPILOGUE_MODEL_H_
