// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/run_stream.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace sta::card {
namespace {

// Rows, tiles or granules: of token group 0, and from one group to the next.
struct Place {
  int64_t base = 0;
  int64_t stride = 0;
};

class RunStreamMaker {
 public:
  RunStreamMaker(const CardImage& image, const CardLayout& layout,
                 std::span<const RunSequence> sequences)
      : image_(image),
        layout_(layout),
        sequences_(sequences),
        block_ready_(static_cast<size_t>(layout.blocks)) {}

  std::vector<CardInstruction> Make() && {
    for (int64_t block = 0; block < layout_.blocks; ++block) {
      const int64_t loaded = AddTransfer(TransferDirection::kLoad, block, Unit::kLoad, 0);
      AddVector(image_.embedding_layer_norm, block, Unit::kLoad, loaded);
    }
    for (const LayerEntry& layer : image_.layers) AddLayer(layer);
    for (int64_t block = 0; block < layout_.blocks; ++block) {
      AddTransfer(TransferDirection::kStore, block, Unit::kVector, ReadyCount(block));
    }
    stream_.emplace_back();  // END
    return std::move(stream_);
  }

 private:
  void AddLayer(const LayerEntry& layer) {
    const Place view = {layout_.view_row, layout_.view_stride};
    const Place query = {layout_.query_row, layout_.query_stride};
    const Place key = {layout_.key_tile, layout_.key_stride};
    const Place value = {layout_.value_tile, layout_.value_stride};
    const Place context = {layout_.context_row, layout_.context_stride};
    for (int64_t block = 0; block < layout_.blocks; ++block) {
      AddMatmul(layer.query, block, AtBlock(view, block), MatmulDestination::kActivations,
                AtBlock(query, block), ReadyCount(block));
      AddMatmul(layer.key, block, AtBlock(view, block), MatmulDestination::kKeyValue,
                AtBlock(key, block));
      AddMatmul(layer.value, block, AtBlock(view, block), MatmulDestination::kKeyValue,
                AtBlock(value, block));
    }
    for (const RunSequence& sequence : sequences_) AddAttention(layer.attention, sequence);
    for (int64_t block = 0; block < layout_.blocks; ++block) {
      const int64_t added = AddToResidual(layer.attention_output, block, AtBlock(context, block));
      AddVector(layer.attention_layer_norm, block, Unit::kEngine, added);
    }
    // Every block's results stand in the same place.
    const Place inner = {layout_.inner_row, layout_.inner_stride};
    for (int64_t block = 0; block < layout_.blocks; ++block) {
      AddMatmul(layer.intermediate, block, AtBlock(view, block), MatmulDestination::kActivations,
                inner, ReadyCount(block));
      const int64_t added = AddToResidual(layer.output, block, inner);
      AddVector(layer.output_layer_norm, block, Unit::kEngine, added);
    }
  }

  int64_t GroupsOf(int64_t block) const {
    return layout_.FirstGroup(block + 1) - layout_.FirstGroup(block);
  }
  Place AtBlock(const Place& place, int64_t block) const {
    return {place.base + layout_.FirstGroup(block) * place.stride, place.stride};
  }
  Place Residual(int64_t block) const { return AtBlock({0, layout_.residual_stride}, block); }
  // Instructions of the vector unit after which a block's last LayerNorm and view are done.
  int64_t ReadyCount(int64_t block) const { return block_ready_[static_cast<size_t>(block)]; }

  // Appends an instruction; returns how many its unit has then.
  int64_t Add(CardInstruction instruction) {
    const auto unit = static_cast<size_t>(*instruction.unit());
    stream_.push_back(instruction);
    return ++counts_[unit];
  }

  int64_t AddTransfer(TransferDirection direction, int64_t block, Unit awaited, int64_t count) {
    const int64_t beats = layout_.residual_group_beats;
    const int64_t first = layout_.FirstGroup(block) * beats;
    CardInstruction instruction = {.operation =
                                       TransferInstruction{.direction = direction,
                                                           .memory_beat = first,
                                                           .beats = GroupsOf(block) * beats,
                                                           .residual_beat = first}};
    instruction.WaitFor(awaited, count);
    return Add(instruction);
  }

  void AddVector(const VectorEntry& entry, int64_t block, Unit awaited, int64_t count) {
    const Place view = AtBlock({layout_.view_row, layout_.view_stride}, block);
    CardInstruction instruction = {
        .operation = VectorInstruction{.normalize = true,
                                       .view = entry.view,
                                       .parameter_beat = entry.beat,
                                       .channel_blocks = image_.hidden_blocks(),
                                       .token_groups = GroupsOf(block),
                                       .channels = image_.hidden_size,
                                       .source_granule = Residual(block).base,
                                       .destination_row = entry.view ? view.base : 0,
                                       .destination_stride = entry.view ? view.stride : 0,
                                       .mean_reciprocal = entry.mean_reciprocal,
                                       .epsilon = entry.epsilon}};
    instruction.WaitFor(awaited, count);
    block_ready_[static_cast<size_t>(block)] = Add(instruction);
  }

  int64_t AddMatmul(const MatrixEntry& entry, int64_t block, const Place& source,
                    MatmulDestination buffer, const Place& destination, int64_t vector_count = 0) {
    const bool is_residual = buffer == MatmulDestination::kResidual;
    CardInstruction instruction = {
        .operation =
            MatmulInstruction{.gelu = entry.gelu,
                              .indexed = entry.indexed,
                              .destination_buffer = buffer,
                              .weight_beat = entry.beat,
                              .windows = entry.windows,
                              .steps = entry.steps,
                              .channel_blocks = entry.channel_blocks,
                              .token_groups = GroupsOf(block),
                              .source_row = source.base,
                              .source_stride = source.stride,
                              .destination = destination.base,
                              .destination_stride = destination.stride,
                              .granule_row_stride = is_residual ? layout_.granule_row_stride : 0}};
    instruction.WaitFor(Unit::kVector, vector_count);
    return Add(instruction);
  }

  int64_t AddToResidual(const MatrixEntry& entry, int64_t block, const Place& source) {
    return AddMatmul(entry, block, source, MatmulDestination::kResidual, Residual(block));
  }

  void AddAttention(const AttentionEntry& entry, const RunSequence& sequence) {
    const auto at = [&](int64_t base, int64_t stride) {
      return base + sequence.first_group * stride;
    };
    Add({.operation =
             AttentionInstruction{.heads = entry.heads,
                                  .head_steps = entry.head_steps,
                                  .head_value_blocks = entry.head_value_blocks,
                                  .key_count = sequence.tokens,
                                  .query_groups = image_.config.GroupsOf(sequence.tokens),
                                  .query_row = at(layout_.query_row, layout_.query_stride),
                                  .query_stride = layout_.query_stride,
                                  .key_tile = at(layout_.key_tile, layout_.key_stride),
                                  .key_stride = layout_.key_stride,
                                  .value_tile = at(layout_.value_tile, layout_.value_stride),
                                  .value_stride = layout_.value_stride,
                                  .context_row = at(layout_.context_row, layout_.context_stride),
                                  .context_stride = layout_.context_stride,
                                  .probability_row = layout_.probability_row,
                                  .logit_shift = entry.logit_shift,
                                  .context_shift = entry.context_shift,
                                  .logit_multiplier = entry.logit_multiplier,
                                  .context_multiplier = entry.context_multiplier}});
  }

  const CardImage& image_;
  const CardLayout& layout_;
  const std::span<const RunSequence> sequences_;
  std::vector<CardInstruction> stream_;
  std::array<int64_t, kUnitCount> counts_ = {};
  std::vector<int64_t> block_ready_;
};

}  // namespace

std::vector<CardInstruction> MakeRunStream(const CardImage& image, const CardLayout& layout,
                                           std::span<const RunSequence> sequences) {
  return RunStreamMaker(image, layout, sequences).Make();
}

}  // namespace sta::card
