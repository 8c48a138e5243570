// SPDX-License-Identifier: Apache-2.0
//
// RunQueue: the runs of all batches in flight, one after the other on the card. A run's registers
// hold only until the next one starts, so they are read in between, before the next is started.
// Nothing here has a thread: the queue moves on when it is polled or waited on, which is whenever
// its device is called.
//
//   queue.Push(run);
//   queue.WaitFor(*run, deadline);
//   if (run->is_over && run->status.ok() && run->error == 0) ...
//
// Thread-compatible. Internal to accel/xrt.
#ifndef ACCEL_XRT_RUN_QUEUE_H_
#define ACCEL_XRT_RUN_QUEUE_H_

#include <cstdint>
#include <deque>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "accel/xrt/xrt_card.h"

namespace sta {

struct KernelRun {
  KernelArguments arguments;
  std::shared_ptr<XrtBuffer> image;  // stays on the card until the run is over
  absl::Duration limit;              // a run that takes longer hangs

  // When it is over; the others count only where `status` is OK.
  bool is_over = false;
  absl::Status status;  // UNAVAILABLE: the card failed
  uint32_t error = 0;   // the kernel's error register, and its checksums
  uint32_t program_checksum = 0;
  uint32_t input_checksum = 0;
  uint32_t output_checksum = 0;
};

class RunQueue {
 public:
  // `card` outlives this.
  explicit RunQueue(XrtCard* card) : card_(card) {}

  void Push(std::shared_ptr<KernelRun> run);

  // Sees whether the run on the card is over, and starts the next. Does not block.
  void Poll();

  // Blocks until `run`, which was pushed, is over, or `until`. Aborts whatever hangs before it.
  void WaitFor(const KernelRun& run, absl::Time until);
  void WaitUntilIdle();

  // Gives `run` up where it waits; one that is on the card stays there.
  void Drop(KernelRun& run);

  // Not OK: runs end with this from now on.
  const absl::Status& failure() const { return failure_; }
  // False where only opening the card again may help, or would be quicker: something is on it that
  // does not end, or it did not answer.
  bool IsCardUsable() const { return is_answering_ && running_ == nullptr; }

 private:
  void StartNext();
  // The run on the card has ended so.
  void End(RunState state);
  absl::Status ReadRegisters(KernelRun& run);
  // Waits for a change on the card, or `until`.
  void WaitOnce(absl::Time until);
  void AbortHanging();
  void Fail(const absl::Status& failure);
  // The card has failed to do what it was asked.
  void FailForGood(const absl::Status& failure);

  XrtCard* const card_;
  std::shared_ptr<KernelRun> running_;
  absl::Time started_;  // of running_
  std::deque<std::shared_ptr<KernelRun>> waiting_;
  absl::Status failure_;
  bool is_answering_ = true;
};

}  // namespace sta

#endif  // ACCEL_XRT_RUN_QUEUE_H_
