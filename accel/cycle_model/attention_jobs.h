// SPDX-License-Identifier: Apache-2.0
//
// Which product of an ATTENTION comes next, as sta_attention_control chooses: a context (PV) whose
// probabilities are there goes before scores (QK^T), which run ahead as far as there are slots.
// Internal to accel/cycle_model.
#ifndef ACCEL_CYCLE_MODEL_ATTENTION_JOBS_H_
#define ACCEL_CYCLE_MODEL_ATTENTION_JOBS_H_

#include <cstdint>
#include <optional>

#include "accel/cycle_model/card_timing.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"

namespace sta::card::cycle_model {

// Tiles of the same number of steps, one after the other.
struct AttentionJob {
  bool is_context = false;
  bool is_last = false;  // of the instruction
  int64_t tiles = 0;
  int64_t steps = 0;
};

class AttentionJobs {
 public:
  explicit AttentionJobs(const CardTiming& timing) : free_slots_(timing.slots) {}

  void Begin(const AttentionInstruction& attention, const CardConfig& config) {
    const int64_t key_groups = config.GroupsOf(attention.key_count);
    score_ = {.tiles = key_groups, .steps = attention.head_steps};
    context_ = {.is_context = true,
                .tiles = attention.head_value_blocks,
                .steps = key_groups * config.tile / config.lanes};
    scores_left_ = contexts_left_ = attention.heads * attention.query_groups;
  }

  // The next job that can run now.
  std::optional<AttentionJob> Next() {
    if (ready_slots_ > 0) {
      --ready_slots_;
      context_.is_last = --contexts_left_ == 0;
      return context_;
    }
    if (scores_left_ == 0 || free_slots_ == 0) return std::nullopt;
    --scores_left_;
    --free_slots_;
    return score_;
  }

  bool IsDone() const { return contexts_left_ == 0; }
  void ProbabilitiesAreDone() { ++ready_slots_; }
  void ContextIsDone() { ++free_slots_; }

 private:
  AttentionJob score_;
  AttentionJob context_;
  int64_t scores_left_ = 0;
  int64_t contexts_left_ = 0;
  int64_t free_slots_;
  int64_t ready_slots_ = 0;
};

}  // namespace sta::card::cycle_model

#endif  // ACCEL_CYCLE_MODEL_ATTENTION_JOBS_H_
