// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/attention.h"

#include <vector>

#include "accel/arithmetic/reciprocal.h"
#include "accel/arithmetic/softmax.h"
#include "accel/virtual_card/datapath.h"

namespace sta::card {
namespace {

class Attention {
 public:
  Attention(const CardConfig& config, const AttentionInstruction& instruction, CardBuffers& buffers)
      : tile_(config.tile),
        lanes_(config.lanes),
        key_groups_(config.GroupsOf(instruction.key_count)),
        slot_rows_(config.WindowsOf(key_groups_ * tile_)),
        instruction_(instruction),
        buffers_(buffers),
        logits_(static_cast<size_t>(instruction.key_count)),
        probabilities_(static_cast<size_t>(instruction.key_count)) {}

  // A job is one head of one query group; jobs take the slots in turn.
  void Run() {
    int64_t job = 0;
    for (int64_t head = 0; head < instruction_.heads; ++head) {
      for (int64_t group = 0; group < instruction_.query_groups; ++group) {
        const int64_t slot_row =
            instruction_.probability_row + job++ % kProbabilitySlots * slot_rows_;
        for (int64_t t = 0; t < tile_; ++t) {
          Score(head, group, t);
          Softmax(slot_row, t);
          WriteContext(head, group, t, slot_row);
        }
      }
    }
  }

 private:
  // The logits of one query over all keys.
  void Score(int64_t head, int64_t group, int64_t t) {
    const int64_t steps = instruction_.head_steps;
    const int64_t row =
        instruction_.query_row + group * instruction_.query_stride + head * steps / kLaneBytes;
    const int64_t byte = head * steps % kLaneBytes;
    for (int64_t key = 0; key < instruction_.key_count; ++key) {
      const int64_t tile = instruction_.key_tile + key / tile_ * instruction_.key_stride;
      int32_t sum = 0;
      for (int64_t s = 0; s < steps; ++s) {
        for (int64_t l = 0; l < lanes_; ++l) {
          sum += buffers_.Lane(row, t, l)[static_cast<size_t>(byte + s)] *
                 buffers_.KeyValue(tile, key % tile_, (head * steps + s) * lanes_ + l);
        }
      }
      logits_[static_cast<size_t>(key)] =
          arithmetic::AttentionLogit(sum, static_cast<int32_t>(instruction_.logit_shift),
                                     static_cast<int16_t>(instruction_.logit_multiplier));
    }
  }

  // The probabilities of one query into its slot; keys of padding get 0.
  void Softmax(int64_t slot_row, int64_t t) {
    reciprocal_ = arithmetic::Reciprocal(arithmetic::SoftmaxRow(logits_, probabilities_));
    for (int64_t key = 0; key < key_groups_ * tile_; ++key) {
      Probability(slot_row, t, key) =
          key < instruction_.key_count
              ? static_cast<int8_t>(probabilities_[static_cast<size_t>(key)])
              : int8_t{0};
    }
  }

  // Keys run over the lanes first.
  int8_t& Probability(int64_t slot_row, int64_t t, int64_t key) {
    const int64_t word = key / lanes_;
    return buffers_.Lane(slot_row + word / kLaneBytes, t,
                         key % lanes_)[static_cast<size_t>(word % kLaneBytes)];
  }

  void WriteContext(int64_t head, int64_t group, int64_t t, int64_t slot_row) {
    const int32_t multiplier = arithmetic::ContextRowMultiplier(
        reciprocal_, static_cast<int32_t>(instruction_.context_multiplier));
    const int32_t shift = reciprocal_.exponent - static_cast<int32_t>(instruction_.context_shift);
    const int64_t context = instruction_.context_row + group * instruction_.context_stride;
    const int64_t channels = instruction_.head_value_blocks * tile_;
    for (int64_t channel = head * channels; channel < (head + 1) * channels; ++channel) {
      int32_t sum = 0;
      for (int64_t key = 0; key < key_groups_ * tile_; ++key) {
        const int64_t tile = instruction_.value_tile + key / tile_ * instruction_.value_stride;
        sum += Probability(slot_row, t, key) * buffers_.KeyValue(tile, key % tile_, channel);
      }
      buffers_.Activation(context, t, channel) = arithmetic::Context(sum, shift, multiplier);
    }
  }

  const int64_t tile_;
  const int64_t lanes_;
  const int64_t key_groups_;
  const int64_t slot_rows_;
  const AttentionInstruction& instruction_;
  CardBuffers& buffers_;
  // Of the present query.
  std::vector<int16_t> logits_;
  std::vector<uint8_t> probabilities_;
  arithmetic::RowReciprocal reciprocal_;
};

}  // namespace

void RunAttention(const CardConfig& config, const AttentionInstruction& instruction,
                  CardBuffers& buffers) {
  Attention(config, instruction, buffers).Run();
}

}  // namespace sta::card
