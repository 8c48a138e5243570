// SPDX-License-Identifier: Apache-2.0
//
// Fetch, dispatcher and the queues of the units in cycles. Internal to accel/cycle_model.
#ifndef ACCEL_CYCLE_MODEL_DISPATCHER_H_
#define ACCEL_CYCLE_MODEL_DISPATCHER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

#include "accel/cycle_model/card_timing.h"
#include "accel/cycle_model/memory_port.h"
#include "accel/cycle_model/vector_unit.h"
#include "accel/cycle_model/weight_loader.h"
#include "accel/program/card/instruction.h"

namespace sta::card::cycle_model {

class Dispatcher {
 public:
  // `stream` ends with END, its only one.
  Dispatcher(const CardTiming& timing, std::span<const CardInstruction> stream, MemoryPort& memory,
             WeightLoader& weights, ParameterLoader& parameters)
      : timing_(timing),
        stream_(stream),
        memory_(memory),
        weights_(weights),
        parameters_(parameters),
        room_(timing.fetched_instructions) {}

  // The unit's next instruction, where it has nothing to wait for; else nullptr.
  const CardInstruction* Next(Unit unit) const;
  // The unit has taken it.
  void Pop(Unit unit) { queues_[static_cast<size_t>(unit)].pop_front(); }
  // The unit has one that waits for others.
  bool IsWaiting(Unit unit) const {
    return !queues_[static_cast<size_t>(unit)].empty() && Next(unit) == nullptr;
  }
  // The unit has finished one: it counts from the next cycle on.
  void Finish(Unit unit) { ++finished_[static_cast<size_t>(unit)]; }

  void Tick(int64_t cycle);
  void Deliver() { ++fetched_; }
  // END came, and all units have finished.
  bool IsDone() const { return dispatched_ == stream_.size() && finished_ == given_; }

 private:
  void Fetch(int64_t cycle);
  bool HasRoom(const CardInstruction& instruction) const;
  void Dispatch(const CardInstruction& instruction);

  const CardTiming& timing_;
  const std::span<const CardInstruction> stream_;
  MemoryPort& memory_;
  WeightLoader& weights_;
  ParameterLoader& parameters_;
  size_t asked_ = 0;  // instructions
  size_t fetched_ = 0;
  size_t dispatched_ = 0;
  int64_t room_;              // places of the fetch queue neither filled nor asked for
  int64_t check_cycles_ = 0;  // that the one at hand has been looked at
  std::array<std::deque<const CardInstruction*>, kUnitCount> queues_;
  std::array<int64_t, kUnitCount> given_ = {};
  std::array<int64_t, kUnitCount> finished_ = {};
};

}  // namespace sta::card::cycle_model

#endif  // ACCEL_CYCLE_MODEL_DISPATCHER_H_
