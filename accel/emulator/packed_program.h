// SPDX-License-Identifier: Apache-2.0
//
// PackedProgram: a Program laid out for the kernels. Made once at Load, immutable, shared by all
// threads of the device.
#ifndef ACCEL_EMULATOR_PACKED_PROGRAM_H_
#define ACCEL_EMULATOR_PACKED_PROGRAM_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "accel/device.h"
#include "accel/emulator/kernels.h"

namespace sta::emulator {

class PackedProgram final : public LoadedProgram {
 public:
  explicit PackedProgram(std::shared_ptr<const Program> program);

  const Program& program() const { return *program_; }

  // The kernel's view of program().linears[index].
  LinearArgs Linear(uint32_t index, bool clip_to_int8) const;

  // Multiplications that Run makes for a batch: what its time is proportional to.
  double WorkOf(std::span<const int32_t> sequence_offsets) const;

 private:
  const std::shared_ptr<const Program> program_;
  std::vector<std::vector<WeightPair>> pairs_;  // one a matrix: [rows][pairs]
  double work_per_token_ = 0.0;
  double work_per_token_pair_ = 0.0;
};

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_PACKED_PROGRAM_H_
