// SPDX-License-Identifier: Apache-2.0
#include "accel/cycle_model/vector_unit.h"

#include <algorithm>

#include "accel/program/card/constants_layout.h"

namespace sta::card::cycle_model {

void ParameterLoader::Tick() {
  if (!queue_beats_.empty() && beats_to_come_ == 0 && used_sets_ < timing_.parameter_sets) {
    ++used_sets_;
    beats_to_request_ = beats_to_come_ = queue_beats_.front();
    queue_beats_.pop_front();
    return;
  }
  if (beats_to_request_ == 0 || memory_.IsRequesting(ReadClient::kParameters)) return;
  const int64_t beats = std::min(beats_to_request_, timing_.burst_beats);
  memory_.Request(ReadClient::kParameters, beats);
  beats_to_request_ -= beats;
}

void VectorUnit::Begin(const VectorInstruction& vector, int64_t cycle) {
  is_running_ = true;
  normalizes_ = vector.normalize;
  views_ = vector.view;
  blocks_ = vector.channel_blocks;
  first_read_cycle_ = cycle + timing_.vector_start_cycles;
  reads_left_ = vector.token_groups * config_.granule_rows() * blocks_;
  row_reads_left_ = blocks_;
  outputs_left_ = reads_left_ * ((normalizes_ ? 1 : 0) + (views_ ? 1 : 0));
}

bool VectorUnit::Tick(int64_t cycle) {
  if (is_running_) {
    // Against the way of the data: each sees what the next had at the end of the last cycle.
    const bool is_scaling = IsScaling(cycle);
    Fetch(cycle);
    Square(cycle, is_scaling);
    Scale(cycle, is_scaling);
    Write(cycle);
    if (outputs_left_ == 0 && last_write_cycle_ < cycle) {
      is_running_ = false;
      parameters_.Release();
    }
  }
  return last_write_cycle_ + timing_.vector_end_cycles == cycle;
}

// Every second cycle at most.
bool VectorUnit::IsScaling(int64_t cycle) const {
  return scales_left_ > 0 && cycle % 2 == 1 && parameters_.IsReady() &&
         std::ssize(writes_) < timing_.output_granules &&
         std::ssize(view_writes_) < timing_.output_granules;
}

void VectorUnit::Scale(int64_t cycle, bool is_scaling) {
  if (is_scaling) {
    --scales_left_;
    --stored_;
    if (normalizes_) writes_.push_back(cycle + timing_.normalize_cycles);
    if (views_) {
      view_writes_.push_back(cycle +
                             (normalizes_ ? timing_.view_cycles : timing_.view_only_cycles));
    }
  }
  if (scales_left_ == 0 && root_cycle_.has_value() && *root_cycle_ <= cycle) {
    scales_left_ = blocks_;
    root_cycle_.reset();
    root_is_pending_ = false;
  }
}

void VectorUnit::Square(int64_t cycle, bool is_scaling) {
  // A row's last square waits until the root of the row before was taken.
  if (squares_left_ > 0 && !is_scaling && !(squares_left_ == 1 && root_is_pending_)) {
    if (--squares_left_ == 0) {
      root_is_pending_ = true;
      root_cycle_ =
          cycle + timing_.root_cycles + timing_.row_root_cycles * config_.granule_tokens();
    }
  }
  if (squares_left_ == 0 && mean_cycle_.has_value() && *mean_cycle_ <= cycle) {
    squares_left_ = blocks_;
    mean_cycle_.reset();
  }
}

void VectorUnit::Write(int64_t cycle) {
  const auto write = [&](std::deque<int64_t>& queue, BufferPort& port) {
    if (queue.empty() || queue.front() > cycle || !port.TryTake()) return;
    queue.pop_front();
    if (--outputs_left_ == 0) last_write_cycle_ = cycle;
  };
  write(writes_, ports_.residual_write);
  write(view_writes_, ports_.activation_write);
}

void VectorUnit::Fetch(int64_t cycle) {
  const int64_t store_granules = 2 * config_.max_channels / config_.tile;
  if (cycle < first_read_cycle_ || reads_left_ == 0 || stored_ == store_granules ||
      (row_reads_left_ == 1 && mean_cycle_.has_value()) || !ports_.residual_read.TryTake()) {
    return;
  }
  ++stored_;
  --reads_left_;
  if (--row_reads_left_ > 0) return;
  row_reads_left_ = blocks_;
  mean_cycle_ = cycle + timing_.mean_cycles;
}

}  // namespace sta::card::cycle_model
