// SPDX-License-Identifier: Apache-2.0
//
// BatchSlot: the card memory of one batch in flight, and its runs. Buffers are made once and grown
// when a batch needs more.
//
//   slot.Begin(memory, streams);
//   for (size_t run = 0; run < streams->runs.size(); ++run) {
//     absl::StatusOr<std::shared_ptr<KernelRun>> kernel_run = slot.Load(run, program, rows);
//   }
//   ... they are run ...
//   slot.Collect(run, program, output);
//
// Thread-compatible. Internal to accel/xrt.
#ifndef ACCEL_XRT_BATCH_SLOT_H_
#define ACCEL_XRT_BATCH_SLOT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "accel/xrt/card_memory.h"
#include "accel/xrt/run_queue.h"
#include "accel/xrt/stream_cache.h"

namespace sta {

class BatchSlot {
 public:
  // Makes room for a batch and uploads its instructions, unless they are those of the one before.
  // RESOURCE_EXHAUSTED: the card's memory is full.
  absl::Status Begin(CardMemory& memory, std::shared_ptr<const BatchStreams> streams);

  // Uploads what run `index` reads. `rows` are the whole batch's. The result lacks its image and
  // its limit.
  absl::StatusOr<std::shared_ptr<KernelRun>> Load(size_t index, const XrtProgram& program,
                                                  std::span<const int16_t> rows);

  // After run `index` is over: its rows of `output`, the whole batch's. UNAVAILABLE: the card
  // failed; INTERNAL: the kernel stopped with an error; DATA_LOSS: something was damaged between
  // this host and the card's kernel, or in the card's memory.
  absl::Status Collect(size_t index, const XrtProgram& program, std::span<int16_t> output);

  // The loaded runs, in their order.
  std::span<const std::shared_ptr<KernelRun>> runs() const { return runs_; }

  // None of them is on the card, or waits for it.
  bool IsIdle() const {
    return std::ranges::all_of(runs_, [](const auto& run) { return run->is_over; });
  }

  // Whether someone waits for the batch here.
  bool is_taken = false;

 private:
  absl::Status Grow(CardMemory& memory, KernelBuffer use, int64_t size,
                    std::unique_ptr<XrtBuffer>& buffer);

  std::unique_ptr<XrtBuffer> instructions_;
  std::unique_ptr<XrtBuffer> input_;
  std::unique_ptr<XrtBuffer> output_;
  std::shared_ptr<const BatchStreams> streams_;   // whose instructions are on the card
  std::vector<std::shared_ptr<KernelRun>> runs_;  // of the present batch
  std::vector<uint32_t> input_checksums_;         // of what was uploaded for them
};

}  // namespace sta

#endif  // ACCEL_XRT_BATCH_SLOT_H_
