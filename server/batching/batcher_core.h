// SPDX-License-Identifier: Apache-2.0
//
// BatcherCore: the inside of Batcher, in three files: batcher_core.cc (loading, admission,
// draining), batcher_dispatch.cc (batches to the devices and back) and batcher_answers.cc (answers,
// and what time alone gives reason for). Internal to server/batching.
//
// One mutex guards the queues and all that is decided by them. No callback or observer is called
// under it; the device pool's is taken under it.
#ifndef SERVER_BATCHING_BATCHER_CORE_H_
#define SERVER_BATCHING_BATCHER_CORE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "accel/device_pool/device_pool.h"
#include "server/batching/admission.h"
#include "server/batching/batch_observer.h"
#include "server/batching/batch_task.h"
#include "server/batching/batcher.h"
#include "server/batching/queue_set.h"

namespace sta {

using Finished = std::vector<std::shared_ptr<JobState>>;

class BatcherCore {
 public:
  BatcherCore(std::unique_ptr<DevicePool> pool, const BatcherOptions& options, Clock& clock,
              BatchObserver& observer);
  ~BatcherCore();

  absl::StatusOr<std::shared_ptr<ServedModel>> Load(std::string name, int64_t version,
                                                    std::shared_ptr<const LoadedModel> model);
  void Submit(InferenceJob job);
  absl::Status CheckEarly(const EarlyRequest& request);
  void StopAccepting();
  bool WaitUntilIdle(absl::Time deadline);
  DevicePool& pool() { return *pool_; }

 private:
  // What the devices say of a newcomer with these sequences.
  std::optional<Outlook> OutlookOf(const std::shared_ptr<const ServedModel>& model,
                                   const Newcomer& newcomer,
                                   const std::vector<int32_t>& sequence_offsets) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Queues the job, or says why not.
  Admission::Decision Admit(const std::shared_ptr<JobState>& state);

  // Gives the pool all batches that it has room for.
  void Pump();
  void PumpLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool DispatchOne(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Dispatch(const DevicePool::Slot& slot, Batch batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void OnDone(BatchTask::Outcome outcome);
  // Books a batch that is over and returns the jobs that are finished with it.
  Finished Settle(const BatchTask::Outcome& outcome) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Answers from this thread, or from the batcher's where the device has more to do.
  void Deliver(Finished finished);
  void Answer(Finished finished);
  void ReportRemoved(const RemovedJob& removed);

  void ThreadLoop();
  // What the batcher's thread has to do when time has passed.
  void WatchTime(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Time NextEvent(absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeBefore(absl::Time event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Books jobs that have left their queues and has them answered and reported.
  void Remove(std::vector<RemovedJob> removed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const BatcherOptions options_;
  const int64_t device_capacity_;  // batches that the pool takes if all devices are ready
  Clock& clock_;
  BatchObserver& observer_;

  absl::Mutex mutex_;
  absl::CondVar idle_changed_;
  absl::CondVar thread_changed_;
  QueueSet queues_ ABSL_GUARDED_BY(mutex_);
  Admission admission_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<BatchBuffers>> free_buffers_ ABSL_GUARDED_BY(mutex_);
  std::deque<Finished> completions_ ABSL_GUARDED_BY(mutex_);
  std::vector<RemovedJob> removed_ ABSL_GUARDED_BY(mutex_);
  int64_t unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t batches_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of the last dispatch, or of the arrival of what waits.
  absl::Time last_progress_ ABSL_GUARDED_BY(mutex_);
  absl::Time thread_wakes_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool accepting_ ABSL_GUARDED_BY(mutex_) = true;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::unique_ptr<DevicePool> pool_;
  std::thread thread_;
};

}  // namespace sta

#endif  // SERVER_BATCHING_BATCHER_CORE_H_
