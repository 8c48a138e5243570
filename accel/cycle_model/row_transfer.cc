// SPDX-License-Identifier: Apache-2.0
#include "accel/cycle_model/row_transfer.h"

#include <algorithm>

namespace sta::card::cycle_model {

bool RowLoader::Deliver(int64_t cycle) {
  if (!ports_.residual_write.TryTake()) return false;
  if (--beats_left_ == 0) finish_cycle_ = cycle + timing_.transfer_end_cycles;
  return true;
}

bool RowLoader::Tick(int64_t cycle) {
  if (requests_left_ > 0 && cycle >= first_cycle_ && !memory_.IsRequesting(ReadClient::kRows)) {
    const int64_t beats = std::min(requests_left_, timing_.burst_beats);
    memory_.Request(ReadClient::kRows, beats);
    requests_left_ -= beats;
  }
  if (finish_cycle_ != cycle) return false;
  finish_cycle_.reset();
  return true;
}

bool RowStorer::Tick(int64_t cycle) {
  if (!is_running_ || cycle < first_cycle_) return false;
  if (!answers_.empty() && answers_.front() <= cycle) {
    answers_.pop_front();
    ++come_;
  }
  if (writes_left_ > 0 && memory_.WriteBeat(cycle)) {
    --writes_left_;
    --queued_;
  }
  const int64_t beats = std::min(requests_left_, timing_.burst_beats);
  if (beats > 0 && come_ >= beats && memory_.CanWriteBurst()) {
    memory_.WriteBurst(beats, cycle);
    come_ -= beats;
    requests_left_ -= beats;
  }
  if (reads_left_ > 0 && queued_ < timing_.store_queue_beats && ports_.residual_read.TryTake()) {
    ++queued_;
    --reads_left_;
    answers_.push_back(cycle + timing_.store_read_cycles);
  }
  if (requests_left_ > 0 || !memory_.WritesAreDone()) return false;
  is_running_ = false;
  return true;
}

}  // namespace sta::card::cycle_model
