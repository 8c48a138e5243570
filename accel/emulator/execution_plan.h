// SPDX-License-Identifier: Apache-2.0
//
// ExecutionPlan: a Program rearranged for the emulator's kernels.
//
//  - Instructions that one kernel computes together are fused: a product with its GELU or with the
//    residual addition behind it, a LayerNorm with the int8 view of its result.
//  - Steps are cut into segments, each beginning with an attention (the first with the loading of
//    the rows). Inside a segment every row is on its own, so a chunk of rows runs through a whole
//    segment alone; all chunks must be through before the next segment starts, because its
//    attention reads the keys and values of other rows. That is one barrier a layer.
//  - A program's buffers are replaced by slots. Shared slots hold the rows of the whole batch:
//    values that live from one segment to another. One is used again only in a segment after the
//    last one that reads it, because other chunks may still be reading. Local slots hold the rows
//    of one chunk, so they stay in a core's cache.
//
// Pure; made once at load.
#ifndef ACCEL_EMULATOR_EXECUTION_PLAN_H_
#define ACCEL_EMULATOR_EXECUTION_PLAN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "accel/emulator/kernels.h"
#include "accel/program/program.h"

namespace sta::emulator {

enum class StepKind : uint8_t {
  kLoadRows,   // the batch's rows -> int16
  kStoreRows,  // int16 -> the output rows
  kLinear,     // as linear_output says
  kLayerNorm,  // with a view where `view` is set
  kAttention,  // q, k, v -> context
  kInt8View,   // the last three only where a program has them unfused
  kGelu,
  kResidualAdd,
};

struct Slot {
  bool is_shared = false;
  uint16_t index = 0;  // into the plan's shared_slots or local_slots

  friend bool operator==(const Slot&, const Slot&) = default;
};

struct Step {
  StepKind kind = StepKind::kLoadRows;
  LinearOutput linear_output = LinearOutput::kInt8;
  uint32_t constants = 0;        // index into the program's table of the kind
  uint32_t gelu = 0;             // with kInt8Gelu: index into Program::gelus
  std::optional<uint32_t> view;  // index into Program::int8_views
  std::array<Slot, 3> inputs;    // kInt16Residual: the activations, the residual
  Slot output;
  Slot view_output;
};

struct ExecutionPlan {
  std::vector<std::vector<Step>> segments;
  // Widths are padded to whole chunks of 64 channels.
  std::vector<BufferSpec> shared_slots;
  std::vector<BufferSpec> local_slots;
};

// `program` has passed Validate.
ExecutionPlan PlanExecution(const Program& program);

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_EXECUTION_PLAN_H_
