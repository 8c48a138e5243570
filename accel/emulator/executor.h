// SPDX-License-Identifier: Apache-2.0
//
// Executor: runs a PackedProgram over some sequences on one thread, with scratch memory of its own
// that it keeps from run to run. One thread at a time may use it.
#ifndef ACCEL_EMULATOR_EXECUTOR_H_
#define ACCEL_EMULATOR_EXECUTOR_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "accel/emulator/aligned_buffer.h"
#include "accel/emulator/attention_unit.h"
#include "accel/emulator/kernels.h"
#include "accel/emulator/packed_program.h"

namespace sta::emulator {

class Executor {
 public:
  // `kernels` outlives this; `now` is the clock that deadlines are measured with.
  Executor(const KernelTable& kernels, std::function<absl::Time()> now);

  // Computes the sequences that `offsets` bounds: a run of a batch's offsets, so its first need not
  // be 0. `rows` and `output` are the whole batch's. DEADLINE_EXCEEDED between two instructions.
  absl::Status Run(const PackedProgram& program, std::span<const int16_t> rows,
                   std::span<const int32_t> offsets, std::span<int16_t> output,
                   absl::Time deadline);

 private:
  void LoadRows(const Program& program, std::span<const int16_t> rows);
  void StoreRows(const Program& program, std::span<int16_t> output) const;
  void Execute(const PackedProgram& program, const Instruction& instruction,
               std::span<const int32_t> offsets);
  // All but attention, which is no function of one block.
  void ExecuteBlock(const PackedProgram& program, const Instruction& instruction, int64_t block);
  void LayerNorm(const LayerNormParameters& parameters, const int16_t* x, int16_t* y);

  const KernelTable& kernels_;
  const std::function<absl::Time()> now_;
  int64_t tokens_ = 0;
  int64_t blocks_ = 0;
  std::vector<AlignedBuffer> buffers_;  // one a program buffer: [blocks][width][32]
  AttentionUnit attention_;
};

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_EXECUTOR_H_
