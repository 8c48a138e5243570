// SPDX-License-Identifier: Apache-2.0
//
// Runs batches of a CardImage on a simulated kernel: the regions in the card's memory, the runs of
// the schedule one after the other, and what every run must hold beside its output: no error, no
// violation of AXI, and the checksums and beat counts that the functional model has.
//
//   KernelRunner runner(&kernel, image, {.latency = 150, .beats_a_cycle = 1}, seed);
//   absl::Status status = runner.Run(batch, output);
//   runner.counters().cycles ...
#ifndef ACCEL_RTL_DV_KERNEL_RUNNER_H_
#define ACCEL_RTL_DV_KERNEL_RUNNER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "accel/device.h"
#include "accel/program/card/batch_schedule.h"
#include "accel/program/card/card_image.h"
#include "accel/rtl/dv/axi_memory.h"
#include "accel/rtl/dv/kernel_driver.h"
#include "accel/virtual_card/functional_card.h"

namespace sta::rtl {

// Where the regions lie in the card's memory.
inline constexpr uint64_t kProgramAddress = 0x1'0000'0000;
inline constexpr uint64_t kInstructionsAddress = 0x2'0000'0800;
inline constexpr uint64_t kInputAddress = 0x3'0000'1000;
inline constexpr uint64_t kOutputAddress = 0x4'0000'1800;

// An instruction stream and the regions that it works on.
struct KernelJob {
  std::span<const uint8_t> program;
  std::span<const uint8_t> instructions;
  std::span<const uint8_t> input;
  size_t output_bytes = 0;
};

struct KernelReport {
  bool is_done = false;  // within the cycle bound; nothing below counts otherwise
  KernelError error;
  KernelCounters counters;
  KernelChecksums checksums;
  std::vector<uint8_t> output;
};

// Puts the regions into `memory`, which has none yet, resets the kernel, starts the job and waits.
KernelReport RunJob(KernelModel& kernel, AxiMemory& memory, const KernelJob& job);

class KernelRunner {
 public:
  // All must outlive the runner; the kernel's parameters are those of image.config.
  KernelRunner(KernelModel* kernel, const card::CardImage& image, const AxiMemory::Options& memory,
               uint32_t seed)
      : kernel_(kernel), image_(image), memory_options_(memory), seed_(seed) {}

  // FAILED_PRECONDITION says what was wrong with a run; output is compared by the caller.
  absl::Status Run(const PackedSequences& batch, std::span<int16_t> output);

  // Of the last run; of a batch in several runs, of the last of them.
  const KernelCounters& counters() const { return counters_; }
  int runs() const { return runs_; }

 private:
  absl::Status RunOne(const card::ScheduledRun& run, const PackedSequences& batch,
                      std::span<int16_t> output);

  KernelModel* const kernel_;
  const card::CardImage& image_;
  const AxiMemory::Options memory_options_;
  const uint32_t seed_;
  KernelCounters counters_;
  int runs_ = 0;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_KERNEL_RUNNER_H_
