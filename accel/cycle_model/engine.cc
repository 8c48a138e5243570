// SPDX-License-Identifier: Apache-2.0
#include "accel/cycle_model/engine.h"

#include <variant>

namespace sta::card::cycle_model {

void Engine::Begin(const CardInstruction& instruction, int64_t cycle) {
  is_running_ = true;
  has_steps_ = true;
  is_matmul_ = std::holds_alternative<MatmulInstruction>(instruction.operation);
  if (is_matmul_) {
    first_step_cycle_ = cycle + timing_.matmul_start_cycles;
    BeginMatmul(std::get<MatmulInstruction>(instruction.operation));
  } else {
    first_step_cycle_ = cycle + timing_.attention_start_cycles;
    BeginAttention(std::get<AttentionInstruction>(instruction.operation));
  }
}

void Engine::BeginMatmul(const MatmulInstruction& matmul) {
  switch (matmul.destination_buffer) {
    case MatmulDestination::kActivations:
      kind_ = TileKind::kActivation;
      break;
    case MatmulDestination::kKeyValue:
      kind_ = TileKind::kKeyValue;
      break;
    case MatmulDestination::kResidual:
      kind_ = TileKind::kResidual;
      break;
  }
  uses_tables_ = matmul.gelu;
  tile_steps_ = steps_left_ = matmul.windows * matmul.steps;
  block_tiles_ = tiles_left_ = matmul.token_groups;
  blocks_left_ = matmul.channel_blocks;
}

void Engine::BeginAttention(const AttentionInstruction& attention) {
  uses_tables_ = false;
  jobs_.Begin(attention, config_);
  softmax_.Begin(config_.GroupsOf(attention.key_count));
}

bool Engine::Tick(int64_t cycle) {
  // Whatever happens in this cycle is seen in the next.
  const bool epilogue_is_ready = granules_left_ <= 1;
  const bool has_sums = !pipeline_.empty() && pipeline_.front().sums_advance <= advance_;
  if (has_sums && !epilogue_is_ready) {
    last_cycle_ = EngineCycle::kEpilogue;
  } else {
    last_cycle_ = Step(cycle);
    ++advance_;
  }
  TickEpilogue(cycle);
  if (has_sums && epilogue_is_ready) {
    held_ = pipeline_.front();
    pipeline_.pop_front();
    granules_left_ = config_.granule_rows();
  }
  if (softmax_.Tick(cycle)) jobs_.ProbabilitiesAreDone();

  if (finish_cycle_ != cycle) return false;
  finish_cycle_.reset();
  is_running_ = false;
  if (uses_tables_) weights_.ReleaseTables();
  return true;
}

void Engine::TickEpilogue(int64_t cycle) {
  if (granules_left_ == 0) return;
  switch (held_->kind) {
    case TileKind::kActivation:
    case TileKind::kContext:
      ports_.activation_write.TakeIn(timing_.epilogue_cycles);
      break;
    case TileKind::kKeyValue:
      break;
    case TileKind::kResidual:
      ports_.residual_read.TakeIn(timing_.residual_read_cycles);
      ports_.residual_write.TakeIn(timing_.residual_write_cycles);
      break;
    case TileKind::kScore:
      if (held_->is_job_end) softmax_.CompleteRow(cycle + timing_.score_cycles);
      break;
  }
  if (--granules_left_ == 0) TileLeaves(cycle);
}

void Engine::TileLeaves(int64_t cycle) {
  if (held_->is_block_end) weights_.ReleaseParameters();
  if (held_->is_job_end && held_->kind == TileKind::kContext) jobs_.ContextIsDone();
  if (held_->is_instruction_end) finish_cycle_ = cycle + timing_.epilogue_cycles;
}

EngineCycle Engine::Step(int64_t cycle) {
  if (!has_steps_) return EngineCycle::kOther;
  return is_matmul_ ? StepMatmul(cycle) : StepAttention(cycle);
}

EngineCycle Engine::StepMatmul(int64_t cycle) {
  if (cycle < first_step_cycle_) return EngineCycle::kOther;
  if (!weights_.BlockIsReady() || (uses_tables_ && weights_.TablesAreLoading(cycle))) {
    return EngineCycle::kWeights;
  }
  if (--steps_left_ > 0) return EngineCycle::kStep;
  steps_left_ = tile_steps_;
  --tiles_left_;
  if (tiles_left_ == 0) {
    weights_.ReleaseBlock(cycle);
    tiles_left_ = block_tiles_;
    --blocks_left_;
    has_steps_ = blocks_left_ > 0;
    FinishTile({.kind = kind_, .is_block_end = true, .is_instruction_end = !has_steps_});
  } else {
    FinishTile({.kind = kind_});
  }
  return EngineCycle::kStep;
}

EngineCycle Engine::StepAttention(int64_t cycle) {
  if (!job_.has_value()) {
    // A job is loaded in the cycle before its first step.
    if (cycle + 1 >= first_step_cycle_) LoadJob();
    return cycle < first_step_cycle_ ? EngineCycle::kOther : EngineCycle::kSoftmax;
  }
  if (--steps_left_ > 0) return EngineCycle::kStep;
  steps_left_ = tile_steps_;
  const bool is_job_end = --tiles_left_ == 0;
  FinishTile({.kind = job_->is_context ? TileKind::kContext : TileKind::kScore,
              .is_job_end = is_job_end,
              .is_instruction_end = is_job_end && job_->is_last});
  if (is_job_end) {
    has_steps_ = !jobs_.IsDone();
    LoadJob();
  }
  return EngineCycle::kStep;
}

void Engine::LoadJob() {
  job_ = has_steps_ ? jobs_.Next() : std::nullopt;
  if (!job_.has_value()) return;
  tile_steps_ = steps_left_ = job_->steps;
  tiles_left_ = job_->tiles;
}

void Engine::FinishTile(Tile tile) {
  tile.sums_advance = advance_ + timing_.tile_cycles;
  pipeline_.push_back(tile);
}

}  // namespace sta::card::cycle_model
