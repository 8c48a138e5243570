// SPDX-License-Identifier: Apache-2.0
//
// BatchTask: a Batch as the device pool runs it: front end into a reused buffer before the first
// run, rows back into the jobs' results after the last. Internal to the batcher.
#ifndef SERVER_BATCHING_BATCH_TASK_H_
#define SERVER_BATCHING_BATCH_TASK_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "accel/device_pool/device_pool.h"
#include "server/batching/batch_observer.h"
#include "server/batching/job_state.h"

namespace sta {

// Of one batch at a time; they keep their memory from batch to batch.
struct BatchBuffers {
  std::vector<int16_t> input;
  std::vector<int16_t> output;
  std::vector<int32_t> sequence_offsets;
};

class BatchTask final : public PoolTask {
 public:
  // What has become of the batch. `duration` is from the end of the front end on.
  struct Outcome {
    Batch batch;
    std::unique_ptr<BatchBuffers> buffers;
    absl::Status status;
    absl::Duration duration;
  };
  using OnDone = absl::AnyInvocable<void(Outcome)>;

  // `clock` and `observer` outlive the task.
  BatchTask(Batch batch, std::unique_ptr<BatchBuffers> buffers, Clock& clock,
            BatchObserver& observer, OnDone on_done);

  std::span<const int32_t> sequence_offsets() const override { return buffers_->sequence_offsets; }
  Work Prepare(std::string_view device) override;
  // The batch is worth finishing while one of its jobs is.
  absl::Time deadline() const override;
  void Done(const absl::Status& status) override;

 private:
  BatchRecord Record() const { return {.tokens = batch_.tokens, .sequences = batch_.sequences}; }
  // That the batch has left its queue.
  void ReportStart();
  void Gather();
  void Scatter() const;

  Batch batch_;
  std::unique_ptr<BatchBuffers> buffers_;
  Clock& clock_;
  BatchObserver& observer_;
  OnDone on_done_;
  absl::Time prepared_ = absl::InfiniteFuture();  // of a batch that no device took
  absl::Status intact_;                           // of the model, when its rows had been gathered
};

}  // namespace sta

#endif  // SERVER_BATCHING_BATCH_TASK_H_
