// SPDX-License-Identifier: Apache-2.0
//
// BatchRunner: runs a Batch on one device: front end into a reused buffer, Device::Run, rows back
// into the jobs' results. Internal to the batcher; one runner a worker thread, not thread-safe.
#ifndef SERVER_BATCHING_BATCH_RUNNER_H_
#define SERVER_BATCHING_BATCH_RUNNER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "accel/device.h"
#include "server/batching/job_state.h"

namespace sta {

// A device and what keeps Load and Run on it apart (device.h, obligation 1).
struct DeviceSlot {
  std::unique_ptr<Device> device;
  absl::Mutex mutex;
};

class BatchRunner {
 public:
  BatchRunner(DeviceSlot& slot, size_t device_index) : slot_(slot), device_index_(device_index) {}

  // The batch's jobs have their result.rows sized. Statuses of Device::Run.
  absl::Status Run(const Batch& batch);

 private:
  void Gather(const Batch& batch);
  void Scatter(const Batch& batch) const;

  DeviceSlot& slot_;
  size_t device_index_;
  std::vector<int16_t> input_;
  std::vector<int16_t> output_;
  std::vector<int32_t> offsets_;
};

}  // namespace sta

#endif  // SERVER_BATCHING_BATCH_RUNNER_H_
