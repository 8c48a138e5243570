// SPDX-License-Identifier: Apache-2.0
//
// BatchObserver: what the batcher tells about its work; metrics implement it. Calls come from
// several threads, without a lock held; they must be quick and must not call the batcher.
#ifndef SERVER_BATCHING_BATCH_OBSERVER_H_
#define SERVER_BATCHING_BATCH_OBSERVER_H_

#include <cstdint>

#include "absl/time/time.h"
#include "server/batching/reject_reason.h"
#include "server/models/served_model.h"

namespace sta {

struct BatchRecord {
  int64_t tokens = 0;
  int64_t sequences = 0;
};

class BatchObserver {
 public:
  virtual ~BatchObserver() = default;

  // A batch on its way to the devices; what becomes of it on each is PoolObserver's to tell.
  virtual void OnBatch(const ServedModel& model, const BatchRecord& record) = 0;
  // It has been computed; told before its jobs are answered. `compute` is from the end of the front
  // end on, as in JobResult. Batches that failed are not told.
  virtual void OnBatchDone(const ServedModel& model, const BatchRecord& record,
                           absl::Duration compute) = 0;
  // The queue of `model` grew (positive) or shrank. Changes, not levels: they may arrive in another
  // order than they happened in.
  virtual void OnQueueChange(const ServedModel& model, int64_t requests, int64_t tokens) = 0;
  virtual void OnRejected(const ServedModel& model, RejectReason reason) = 0;
};

}  // namespace sta

#endif  // SERVER_BATCHING_BATCH_OBSERVER_H_
