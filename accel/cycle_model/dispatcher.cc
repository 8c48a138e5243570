// SPDX-License-Identifier: Apache-2.0
#include "accel/cycle_model/dispatcher.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <variant>

namespace sta::card::cycle_model {

const CardInstruction* Dispatcher::Next(Unit unit) const {
  const auto& queue = queues_[static_cast<size_t>(unit)];
  if (queue.empty()) return nullptr;
  for (size_t other = 0; other < kUnitCount; ++other) {
    if (queue.front()->waits[other] > finished_[other]) return nullptr;
  }
  return queue.front();
}

void Dispatcher::Tick(int64_t cycle) {
  Fetch(cycle);
  if (dispatched_ == fetched_) return;
  // It is checked first; then it waits for room in all its queues.
  if (++check_cycles_ < timing_.dispatch_cycles) return;
  const CardInstruction& instruction = stream_[dispatched_];
  if (!HasRoom(instruction)) return;
  Dispatch(instruction);
  ++dispatched_;
  ++room_;
  check_cycles_ = 0;
}

void Dispatcher::Fetch(int64_t cycle) {
  if (cycle < timing_.start_cycles || asked_ == stream_.size() ||
      room_ < timing_.fetch_request_beats || memory_.IsRequesting(ReadClient::kFetch)) {
    return;
  }
  const int64_t beats =
      std::min(timing_.fetch_request_beats, static_cast<int64_t>(stream_.size() - asked_));
  memory_.Request(ReadClient::kFetch, beats);
  asked_ += static_cast<size_t>(beats);
  room_ -= beats;
}

bool Dispatcher::HasRoom(const CardInstruction& instruction) const {
  const std::optional<Unit> unit = instruction.unit();
  if (!unit.has_value()) return true;
  if (std::holds_alternative<MatmulInstruction>(instruction.operation) && !weights_.HasRoom()) {
    return false;
  }
  if (*unit == Unit::kVector && !parameters_.HasRoom()) return false;
  return std::ssize(queues_[static_cast<size_t>(*unit)]) < timing_.queue_instructions;
}

void Dispatcher::Dispatch(const CardInstruction& instruction) {
  const std::optional<Unit> unit = instruction.unit();
  if (!unit.has_value()) return;
  queues_[static_cast<size_t>(*unit)].push_back(&instruction);
  ++given_[static_cast<size_t>(*unit)];
  if (const auto* matmul = std::get_if<MatmulInstruction>(&instruction.operation)) {
    weights_.Add(*matmul);
  }
  if (const auto* vector = std::get_if<VectorInstruction>(&instruction.operation)) {
    parameters_.Add(*vector);
  }
}

}  // namespace sta::card::cycle_model
