// SPDX-License-Identifier: Apache-2.0
//
// The steps of an ATTENTION as the plain loops of doc/instruction-set.md, job by job: a score job
// (all key tiles) and a context job (all value blocks) for every head and query group.
//
//   AttentionJobs jobs = AttentionLoops(config, attention).Run();
#ifndef ACCEL_RTL_DV_ATTENTION_LOOPS_H_
#define ACCEL_RTL_DV_ATTENTION_LOOPS_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"
#include "accel/rtl/dv/step.h"

namespace sta::rtl {

using AttentionJob = std::vector<Step>;

// The jobs of an instruction in order, each kind for itself.
struct AttentionJobs {
  std::deque<AttentionJob> score;
  std::deque<AttentionJob> context;
};

class AttentionLoops {
 public:
  AttentionLoops(const card::CardConfig& config, const card::AttentionInstruction& attention)
      : config_(config), attention_(attention), key_groups_(config.GroupsOf(attention.key_count)) {}

  AttentionJobs Run() const {
    AttentionJobs jobs;
    int64_t slot = 0;
    for (int64_t head = 0; head < attention_.heads; ++head) {
      for (int64_t group = 0; group < attention_.query_groups; ++group) {
        jobs.score.push_back(ScoreJob(head, group, slot));
        jobs.context.push_back(ContextJob(head, group, slot));
        slot = (slot + 1) % card::kProbabilitySlots;
      }
    }
    return jobs;
  }

 private:
  AttentionJob ScoreJob(int64_t head, int64_t group, int64_t slot) const {
    AttentionJob job;
    for (int64_t keys = 0; keys < key_groups_; ++keys) {
      for (int64_t s = 0; s < attention_.head_steps; ++s) {
        const int64_t channel = (head * attention_.head_steps + s) * config_.lanes;
        const int64_t column = head * attention_.head_steps + s;
        job.push_back({.first = s == 0,
                       .last = s == attention_.head_steps - 1,
                       .window_read = job.empty(),
                       .activation_row = attention_.query_row + group * attention_.query_stride +
                                         column / card::kLaneBytes,
                       .weight_source = WeightSource::kKey,
                       .weight_address = attention_.key_tile + keys * attention_.key_stride +
                                         channel / config_.tile,
                       .weight_part = channel % config_.tile / config_.lanes,
                       .byte_select = column % card::kLaneBytes,
                       .tile = {.kind = TileKind::kScore,
                                .slot = slot,
                                .key_group = keys,
                                .valid_keys = std::min(config_.tile,
                                                       attention_.key_count - keys * config_.tile),
                                .slot_last = keys == key_groups_ - 1}});
      }
    }
    return job;
  }

  AttentionJob ContextJob(int64_t head, int64_t group, int64_t slot) const {
    const int64_t steps = key_groups_ * config_.tile / config_.lanes;
    const int64_t slot_rows = config_.WindowsOf(key_groups_ * config_.tile);
    const bool last_job = head == attention_.heads - 1 && group == attention_.query_groups - 1;
    AttentionJob job;
    for (int64_t block = 0; block < attention_.head_value_blocks; ++block) {
      const bool last_block = block == attention_.head_value_blocks - 1;
      const int64_t value_block = head * attention_.head_value_blocks + block;
      const int64_t channel = value_block * config_.tile;
      for (int64_t s = 0; s < steps; ++s) {
        const int64_t key = s * config_.lanes;
        job.push_back(
            {.first = s == 0,
             .last = s == steps - 1,
             .window_read = s % card::kLaneBytes == 0,
             .activation_row = attention_.probability_row + slot * slot_rows + s / card::kLaneBytes,
             .weight_source = WeightSource::kValue,
             .weight_address =
                 attention_.value_tile + key / config_.tile * attention_.value_stride + value_block,
             .weight_part = key % config_.tile / config_.lanes,
             .byte_select = s % card::kLaneBytes,
             .tile = {.kind = TileKind::kContext,
                      .instruction_last = last_job && last_block,
                      .address = attention_.context_row + group * attention_.context_stride +
                                 channel / config_.window_inputs(),
                      .lane = channel / card::kLaneBytes % config_.lanes,
                      .byte_offset = channel % card::kLaneBytes,
                      .slot = slot,
                      .slot_last = last_block}});
      }
    }
    return job;
  }

  card::CardConfig config_;
  card::AttentionInstruction attention_;
  int64_t key_groups_;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_ATTENTION_LOOPS_H_
