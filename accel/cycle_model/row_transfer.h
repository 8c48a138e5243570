// SPDX-License-Identifier: Apache-2.0
//
// LOAD and STORE in cycles. Internal to accel/cycle_model.
#ifndef ACCEL_CYCLE_MODEL_ROW_TRANSFER_H_
#define ACCEL_CYCLE_MODEL_ROW_TRANSFER_H_

#include <cstdint>
#include <deque>
#include <optional>

#include "accel/cycle_model/buffer_ports.h"
#include "accel/cycle_model/card_timing.h"
#include "accel/cycle_model/memory_port.h"
#include "accel/program/card/instruction.h"

namespace sta::card::cycle_model {

class RowLoader {
 public:
  RowLoader(const CardTiming& timing, BufferPorts& ports, MemoryPort& memory)
      : timing_(timing), ports_(ports), memory_(memory) {}

  bool IsIdle() const { return beats_left_ == 0; }
  void Begin(const TransferInstruction& transfer, int64_t cycle) {
    beats_left_ = requests_left_ = transfer.beats;
    first_cycle_ = cycle + timing_.transfer_start_cycles;
  }
  // A beat that came is taken in this cycle if the buffer can be written.
  bool Deliver(int64_t cycle);
  // One cycle. True when the instruction is finished.
  bool Tick(int64_t cycle);

 private:
  const CardTiming& timing_;
  BufferPorts& ports_;
  MemoryPort& memory_;
  int64_t requests_left_ = 0;  // beats to ask for
  int64_t beats_left_ = 0;
  int64_t first_cycle_ = 0;
  std::optional<int64_t> finish_cycle_;
};

class RowStorer {
 public:
  RowStorer(const CardTiming& timing, BufferPorts& ports, MemoryPort& memory)
      : timing_(timing), ports_(ports), memory_(memory) {}

  bool IsIdle() const { return !is_running_; }
  void Begin(const TransferInstruction& transfer, int64_t cycle) {
    is_running_ = true;
    reads_left_ = requests_left_ = writes_left_ = transfer.beats;
    first_cycle_ = cycle + timing_.transfer_start_cycles;
  }
  // One cycle. True when the instruction is finished: all is in memory.
  bool Tick(int64_t cycle);

 private:
  const CardTiming& timing_;
  BufferPorts& ports_;
  MemoryPort& memory_;
  bool is_running_ = false;
  int64_t first_cycle_ = 0;
  int64_t reads_left_ = 0;
  int64_t requests_left_ = 0;
  int64_t writes_left_ = 0;
  int64_t queued_ = 0;           // beats read or being read, and not yet written
  int64_t come_ = 0;             // beats that came and are not yet of a burst
  std::deque<int64_t> answers_;  // cycles in which beats that were read come
};

}  // namespace sta::card::cycle_model

#endif  // ACCEL_CYCLE_MODEL_ROW_TRANSFER_H_
