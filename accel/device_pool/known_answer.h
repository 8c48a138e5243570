// SPDX-License-Identifier: Apache-2.0
//
// KnownAnswer: a small batch whose rows are known, to ask a device before it is trusted again.
//
//   const KnownAnswer answer;
//   absl::Status status = answer.Probe(device, deadline);
//
// Immutable: several threads may probe their devices with the same one.
#ifndef ACCEL_DEVICE_POOL_KNOWN_ANSWER_H_
#define ACCEL_DEVICE_POOL_KNOWN_ANSWER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "accel/device.h"
#include "accel/program/program.h"

namespace sta {

class KnownAnswer {
 public:
  // An encoder of one layer with random weights, of a size that the smallest STA array takes, two
  // sequences, and what accel/reference makes of them.
  KnownAnswer();

  // Loads the encoder on the device, as whose only caller, and runs it. DATA_LOSS: other rows came
  // back; else statuses of Load and Run.
  absl::Status Probe(Device& device, absl::Time deadline) const;

  const std::shared_ptr<const Program>& program() const { return program_; }
  PackedSequences batch() const { return {.rows = rows_, .sequence_offsets = offsets_}; }
  const std::vector<int16_t>& expected_rows() const { return expected_rows_; }

 private:
  std::shared_ptr<const Program> program_;
  std::vector<int16_t> rows_;
  std::vector<int32_t> offsets_;
  std::vector<int16_t> expected_rows_;
};

}  // namespace sta

#endif  // ACCEL_DEVICE_POOL_KNOWN_ANSWER_H_
