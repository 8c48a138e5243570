// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/range_check.h"

#include <algorithm>
#include <variant>

#include "accel/program/card/constants_layout.h"

namespace sta::card {
namespace {

// One past the last of what is touched in each place; 0 where nothing is.
struct Ends {
  int64_t program = 0;
  int64_t input = 0;
  int64_t output = 0;
  int64_t activation_row = 0;
  int64_t residual_beat = 0;
  int64_t key_value_tile = 0;
};

// One past the last of `count` units that follow each other, at the last of `groups` token groups.
int64_t EndOf(int64_t base, int64_t stride, int64_t groups, int64_t count) {
  return base + (groups - 1) * stride + count;
}

Ends EndsOf(const EndInstruction& /*end*/, const CardConfig& /*config*/) { return {}; }

Ends EndsOf(const TransferInstruction& transfer, const CardConfig& /*config*/) {
  Ends ends;
  (transfer.direction == TransferDirection::kLoad ? ends.input : ends.output) =
      transfer.memory_beat + transfer.beats;
  ends.residual_beat = transfer.residual_beat + transfer.beats;
  return ends;
}

Ends EndsOf(const MatmulInstruction& matmul, const CardConfig& config) {
  Ends ends;
  ends.program = matmul.weight_beat + WeightStreamBeats(matmul, config);
  ends.activation_row =
      EndOf(matmul.source_row, matmul.source_stride, matmul.token_groups, matmul.windows);
  const auto destination_end = [&](int64_t units) {
    return EndOf(matmul.destination, matmul.destination_stride, matmul.token_groups, units);
  };
  switch (matmul.destination_buffer) {
    case MatmulDestination::kActivations:
      ends.activation_row =
          std::max(ends.activation_row,
                   destination_end(config.WindowsOf(matmul.channel_blocks * config.tile)));
      break;
    case MatmulDestination::kKeyValue:
      ends.key_value_tile = destination_end(matmul.channel_blocks);
      break;
    case MatmulDestination::kResidual:
      ends.residual_beat =
          CeilDivide(destination_end((config.granule_rows() - 1) * matmul.granule_row_stride +
                                     matmul.channel_blocks),
                     config.beat_granules());
      break;
  }
  return ends;
}

Ends EndsOf(const VectorInstruction& vector, const CardConfig& config) {
  Ends ends;
  ends.program = vector.parameter_beat + ParameterBeatsOf(vector, config);
  ends.residual_beat = CeilDivide(
      vector.source_granule + vector.token_groups * config.granule_rows() * vector.channel_blocks,
      config.beat_granules());
  if (vector.view) {
    ends.activation_row =
        EndOf(vector.destination_row, vector.destination_stride, vector.token_groups,
              config.WindowsOf(vector.channel_blocks * config.tile));
  }
  return ends;
}

Ends EndsOf(const AttentionInstruction& attention, const CardConfig& config) {
  const int64_t key_groups = config.GroupsOf(attention.key_count);
  const int64_t slots = std::min(kProbabilitySlots, attention.heads * attention.query_groups);
  const int64_t key_channels = attention.heads * attention.head_steps * config.lanes;
  const int64_t value_blocks = attention.heads * attention.head_value_blocks;
  Ends ends;
  ends.activation_row = std::max({
      EndOf(attention.query_row, attention.query_stride, attention.query_groups,
            config.WindowsOf(key_channels)),
      EndOf(attention.context_row, attention.context_stride, attention.query_groups,
            config.WindowsOf(value_blocks * config.tile)),
      attention.probability_row + slots * config.WindowsOf(key_groups * config.tile),
  });
  ends.key_value_tile =
      std::max(EndOf(attention.key_tile, attention.key_stride, key_groups,
                     CeilDivide(key_channels, config.tile)),
               EndOf(attention.value_tile, attention.value_stride, key_groups, value_blocks));
  return ends;
}

}  // namespace

CardError CheckRanges(const CardInstruction& instruction, const CardConfig& config,
                      const RegionBeats& regions) {
  const Ends ends = std::visit([&](const auto& operation) { return EndsOf(operation, config); },
                               instruction.operation);
  if (ends.program > regions.program || ends.input > regions.input ||
      ends.output > regions.output) {
    return CardError::kMemoryRange;
  }
  if (ends.activation_row > config.activation_rows) return CardError::kActivation;
  if (ends.residual_beat > config.residual_beats) return CardError::kResidual;
  if (ends.key_value_tile > config.key_value_tiles) return CardError::kKeyValue;
  return CardError::kNone;
}

}  // namespace sta::card
