// SPDX-License-Identifier: Apache-2.0
//
// The softmax unit in cycles: rows of granules whose logits are complete wait for the second pass;
// its probabilities go into the activation buffer when the epilogue leaves the port free; row sums
// go through the reciprocal. Internal to accel/cycle_model.
#ifndef ACCEL_CYCLE_MODEL_SOFTMAX_H_
#define ACCEL_CYCLE_MODEL_SOFTMAX_H_

#include <cstdint>
#include <deque>

#include "accel/cycle_model/buffer_ports.h"
#include "accel/cycle_model/card_timing.h"
#include "accel/program/card/card_config.h"

namespace sta::card::cycle_model {

class Softmax {
 public:
  Softmax(const CardTiming& timing, const CardConfig& config, BufferPorts& ports)
      : timing_(timing), config_(config), ports_(ports) {}

  // Another ATTENTION, when nothing of the last one is under way.
  void Begin(int64_t key_groups) { key_groups_ = key_groups; }
  // All key groups of a granule's rows will have their logits written in that cycle.
  void CompleteRow(int64_t cycle) { complete_.push_back(cycle + timing_.maximum_cycles); }

  // One cycle; true when a slot's probabilities and reciprocals are all there.
  bool Tick(int64_t cycle);

 private:
  void FinishRow(int64_t cycle);

  const CardTiming& timing_;
  const CardConfig& config_;
  BufferPorts& ports_;
  int64_t key_groups_ = 1;
  std::deque<int64_t> complete_;  // from when on the second pass may begin
  int64_t group_ = 0;             // of the row at hand
  // Stages from a key group's read to its probability: bit 0 is the youngest.
  uint32_t valid_ = 0;
  uint32_t is_row_end_ = 0;
  int64_t rows_of_slot_ = 0;
  int64_t reciprocal_free_ = 0;
  std::deque<int64_t> done_;  // cycles in which slots are done
};

}  // namespace sta::card::cycle_model

#endif  // ACCEL_CYCLE_MODEL_SOFTMAX_H_
