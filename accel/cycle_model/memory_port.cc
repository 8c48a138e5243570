// SPDX-License-Identifier: Apache-2.0
#include "accel/cycle_model/memory_port.h"

#include <algorithm>

#include "accel/program/card/card_config.h"

namespace sta::card::cycle_model {

void MemoryPort::Tick(int64_t cycle) {
  // What was not used in time is lost, but for two beats.
  budget_beats_ =
      std::min(budget_beats_ + memory_.bytes_per_cycle / static_cast<double>(kBeatBytes), 2.0);
  if (!answers_.empty() && answers_.front().cycle <= cycle) answers_.pop_front();
  if (delivered_.has_value() || reads_.empty()) return;
  Burst& burst = reads_.front();
  if (burst.cycle > cycle || budget_beats_ < 1.0) return;
  budget_beats_ -= 1.0;
  delivered_ = burst.client;
  ++beats_read_;
  if (--burst.beats == 0) reads_.pop_front();
}

void MemoryPort::Arbitrate(int64_t cycle) {
  if (static_cast<int64_t>(reads_.size()) >= timing_.reads_in_flight) return;
  for (size_t client = 0; client < kReadClients; ++client) {
    if (requests_[client] == 0) continue;
    reads_.push_back(
        {.beats = requests_[client],
         .cycle = cycle + timing_.request_cycles + memory_.latency_cycles + timing_.response_cycles,
         .client = static_cast<ReadClient>(client)});
    requests_[client] = 0;
    return;
  }
}

bool MemoryPort::WriteBeat(int64_t cycle) {
  if (write_requests_.empty() || write_requests_.front().cycle > cycle || budget_beats_ < 1.0 ||
      static_cast<int64_t>(answers_.size()) >= timing_.writes_in_flight) {
    return false;
  }
  budget_beats_ -= 1.0;
  ++beats_written_;
  if (--write_requests_.front().beats == 0) {
    answers_.push_back({.cycle = cycle + memory_.latency_cycles + timing_.response_cycles});
    write_requests_.pop_front();
  }
  return true;
}

}  // namespace sta::card::cycle_model
