// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/card_layout.h"

#include <algorithm>
#include <string_view>

#include "absl/status/status.h"
#include "accel/program/card/instruction.h"
#include "strings/str_cat.h"

namespace sta::card {
namespace {

absl::Status CheckRoom(std::string_view what, int64_t needed, int64_t size, const RunShape& shape) {
  if (needed <= size) return absl::OkStatus();
  return absl::ResourceExhaustedError(StrCat(shape.token_groups, " token groups need ", needed, " ",
                                             what, ", the card has ", size));
}

}  // namespace

absl::StatusOr<CardLayout> MakeCardLayout(const CardImage& image, const RunShape& shape) {
  const CardConfig& config = image.config;
  absl::Status status =
      CheckRoom("places in an instruction", shape.token_groups, kMaxTokenGroups, shape);
  status.Update(CheckRoom("places in the score buffer", shape.longest_sequence,
                          config.max_sequence_tokens, shape));
  if (!status.ok()) return status;

  CardLayout layout;
  layout.token_groups = shape.token_groups;
  layout.granule_row_stride = image.hidden_blocks();
  layout.residual_stride = image.hidden_blocks() * config.granule_rows();
  layout.residual_group_beats = config.ResidualBeatsOf(image.padded_hidden_size);
  layout.view_stride = config.WindowsOf(image.padded_hidden_size);
  for (const LayerEntry& layer : image.layers) {
    const auto raise = [](int64_t& most, int64_t value) { most = std::max(most, value); };
    raise(layout.query_stride, config.WindowsOf(layer.query.channel_blocks * config.tile));
    raise(layout.context_stride, layer.attention_output.windows);
    raise(layout.inner_stride, layer.output.windows);
    raise(layout.key_stride, layer.key.channel_blocks);
    raise(layout.value_stride, layer.value.channel_blocks);
  }

  // At most 2^12 groups and strides below 2^13: no overflow.
  const int64_t groups = shape.token_groups;
  layout.value_tile = groups * layout.key_stride;
  layout.query_row = groups * layout.view_stride;
  layout.context_row = layout.query_row + groups * layout.query_stride;
  layout.probability_row = layout.context_row + groups * layout.context_stride;
  layout.inner_row = layout.query_row;
  const int64_t probability_rows =
      kProbabilitySlots * config.WindowsOf(config.GroupsOf(shape.longest_sequence) * config.tile);
  const int64_t inner_groups =
      layout.inner_stride == 0
          ? groups
          : std::max<int64_t>(1, (config.activation_rows - layout.inner_row) / layout.inner_stride);
  layout.blocks = std::clamp<int64_t>(CeilDivide(groups, inner_groups),
                                      std::min(shape.preferred_blocks, groups), groups);

  status.Update(CheckRoom("beats of the residual buffer", groups * layout.residual_group_beats,
                          config.residual_beats, shape));
  status.Update(CheckRoom("tiles of the key-value buffer",
                          layout.value_tile + groups * layout.value_stride, config.key_value_tiles,
                          shape));
  if (!image.layers.empty()) {
    const int64_t block_groups = CeilDivide(groups, layout.blocks);
    const int64_t rows = std::max(layout.probability_row + probability_rows,
                                  layout.inner_row + block_groups * layout.inner_stride);
    status.Update(CheckRoom("rows of the activation buffer", rows, config.activation_rows, shape));
  }
  if (!status.ok()) return status;
  return layout;
}

}  // namespace sta::card
