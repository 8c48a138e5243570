// SPDX-License-Identifier: Apache-2.0
//
// Interprets a Program one instruction and one scalar at a time on accel/arithmetic: the referee of
// every other device. Written to be read, not to be fast.
//
//   Interpret(program, batch, output, [](size_t i, const ActivationBuffer& result) {...});
//
// A pure function: no state, no locking. `program` has passed Validate() and `batch` ValidateBatch.
#ifndef ACCEL_REFERENCE_INTERPRETER_H_
#define ACCEL_REFERENCE_INTERPRETER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "accel/device.h"
#include "accel/program/program.h"

namespace sta {

// The rows of one of the program's buffers: [tokens][width], int8 values widened to int16.
struct ActivationBuffer {
  int64_t width = 0;
  std::vector<int16_t> values;

  std::span<int16_t> Row(int64_t token) {
    return std::span(values).subspan(static_cast<size_t>(token * width),
                                     static_cast<size_t>(width));
  }
  std::span<const int16_t> Row(int64_t token) const {
    return std::span(values).subspan(static_cast<size_t>(token * width),
                                     static_cast<size_t>(width));
  }
};

// Sees the output buffer of each instruction just after it ran: how tests compare a device, or the
// RTL, with the reference in the middle of a program. A status other than OK ends the run with it.
using InstructionObserver =
    std::function<absl::Status(size_t instruction_index, const ActivationBuffer& result)>;

// Writes [tokens][hidden_size] to `output`. Only `observer`, which may be empty, can fail it.
absl::Status Interpret(const Program& program, const PackedSequences& batch,
                       std::span<int16_t> output, const InstructionObserver& observer);

}  // namespace sta

#endif  // ACCEL_REFERENCE_INTERPRETER_H_
