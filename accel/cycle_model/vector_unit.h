// SPDX-License-Identifier: Apache-2.0
//
// The vector unit in cycles: three passes over granule rows side by side (fetch and mean; squares
// and root; normalization), two output queues, and the parameters that are read ahead. Internal to
// accel/cycle_model.
#ifndef ACCEL_CYCLE_MODEL_VECTOR_UNIT_H_
#define ACCEL_CYCLE_MODEL_VECTOR_UNIT_H_

#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>

#include "accel/cycle_model/buffer_ports.h"
#include "accel/cycle_model/card_timing.h"
#include "accel/cycle_model/memory_port.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/constants_layout.h"
#include "accel/program/card/instruction.h"

namespace sta::card::cycle_model {

// Reads the parameters of VECTORs in the order in which they will run. Those for which no set is
// free wait in a queue.
class ParameterLoader {
 public:
  ParameterLoader(const CardTiming& timing, const CardConfig& config, MemoryPort& memory)
      : timing_(timing), config_(config), memory_(memory) {}

  // The dispatcher's side.
  bool HasRoom() const { return std::ssize(queue_beats_) < timing_.queue_instructions; }
  void Add(const VectorInstruction& vector) {
    queue_beats_.push_back(ParameterBeatsOf(vector, config_));
  }

  // The unit's side.
  bool IsReady() const { return filled_sets_ > 0; }
  void Release() {
    --filled_sets_;
    --used_sets_;
  }

  void Tick();
  void Deliver() {
    if (--beats_to_come_ == 0) ++filled_sets_;
  }

 private:
  const CardTiming& timing_;
  const CardConfig& config_;
  MemoryPort& memory_;
  std::deque<int64_t> queue_beats_;  // of VECTORs that wait for a set
  int64_t used_sets_ = 0;
  int64_t filled_sets_ = 0;
  int64_t beats_to_request_ = 0;
  int64_t beats_to_come_ = 0;
};

class VectorUnit {
 public:
  VectorUnit(const CardTiming& timing, const CardConfig& config, BufferPorts& ports,
             ParameterLoader& parameters)
      : timing_(timing), config_(config), ports_(ports), parameters_(parameters) {}

  bool IsIdle() const { return !is_running_; }
  void Begin(const VectorInstruction& vector, int64_t cycle);
  // One cycle. True when the instruction is finished.
  bool Tick(int64_t cycle);

 private:
  static constexpr int64_t kNever = -1'000'000;

  bool IsScaling(int64_t cycle) const;
  // The three passes. The second takes a granule unless the third does; both take the next row over
  // as they end one.
  void Fetch(int64_t cycle);
  void Square(int64_t cycle, bool is_scaling);
  void Scale(int64_t cycle, bool is_scaling);
  void Write(int64_t cycle);

  const CardTiming& timing_;
  const CardConfig& config_;
  BufferPorts& ports_;
  ParameterLoader& parameters_;

  bool is_running_ = false;
  bool normalizes_ = false;
  bool views_ = false;
  int64_t blocks_ = 0;
  int64_t first_read_cycle_ = 0;

  // First pass.
  int64_t reads_left_ = 0;             // granules
  int64_t row_reads_left_ = 0;         // of the present row
  int64_t stored_ = 0;                 // granules in the row store
  std::optional<int64_t> mean_cycle_;  // from when on the next mean can be taken
  // Second pass.
  int64_t squares_left_ = 0;  // of the row at hand
  bool root_is_pending_ = false;
  std::optional<int64_t> root_cycle_;
  // Third pass.
  int64_t scales_left_ = 0;
  // Output: from when on each granule can be written.
  std::deque<int64_t> writes_;
  std::deque<int64_t> view_writes_;
  int64_t outputs_left_ = 0;  // granules and views that were not written yet
  int64_t last_write_cycle_ = kNever;
};

}  // namespace sta::card::cycle_model

#endif  // ACCEL_CYCLE_MODEL_VECTOR_UNIT_H_
