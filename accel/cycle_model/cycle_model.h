// SPDX-License-Identifier: Apache-2.0
//
// Predicts how many cycles a card takes for a run, and where they go: steps the units of
// accel/rtl through the instruction stream, counting tiles, granules and beats instead of computing
// them. About a million cycles in a tenth of a second.
//
//   const absl::StatusOr<CycleEstimate> estimate =
//       PredictCycles(run.stream, config, {.bytes_per_cycle = 64, .latency_cycles = 150});
//   estimate->cycles, estimate->Microseconds(300) ...
//
// A pure function.
#ifndef ACCEL_CYCLE_MODEL_CYCLE_MODEL_H_
#define ACCEL_CYCLE_MODEL_CYCLE_MODEL_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "accel/cycle_model/card_timing.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"

namespace sta::card {

// As the performance counters of the hardware have them (accel/rtl/doc/registers.md).
struct CycleEstimate {
  int64_t cycles = 0;  // from start to done
  // What the engine did with each of them; these six add up to `cycles`.
  int64_t engine_steps = 0;
  int64_t engine_waits_units = 0;  // for what other units have not finished
  int64_t engine_waits_weights = 0;
  int64_t engine_waits_softmax = 0;
  int64_t engine_waits_epilogue = 0;  // to take a tile
  int64_t engine_idle = 0;            // nothing to run, or the end of an instruction
  int64_t vector_busy = 0;
  int64_t beats_read = 0;
  int64_t beats_written = 0;

  double Microseconds(double clock_mhz) const { return static_cast<double>(cycles) / clock_mhz; }

  friend bool operator==(const CycleEstimate&, const CycleEstimate&) = default;
};

// INVALID_ARGUMENT where the stream would end in an error of decoding or of dependencies, or the
// memory has no bandwidth. Ranges of memory and buffers are not looked at.
absl::StatusOr<CycleEstimate> PredictCycles(std::span<const CardInstruction> stream,
                                            const CardConfig& config, const MemoryTiming& memory,
                                            const CardTiming& timing = {});

}  // namespace sta::card

#endif  // ACCEL_CYCLE_MODEL_CYCLE_MODEL_H_
