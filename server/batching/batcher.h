// SPDX-License-Identifier: Apache-2.0
//
// Batcher: puts the sequences of waiting jobs together into batches and runs them on the devices.
//
//   Batcher batcher(std::make_unique<DevicePool>(...), {}, clock, observer);
//   auto served = batcher.Load("minilm", 1, model);
//   batcher.Submit({.model = *served, .sequences = ..., .done = [](auto result) { ... }});
//   batcher.StopAccepting();
//   batcher.WaitUntilIdle(absl::Now() + absl::Seconds(30));
//
// Behavior:
//  - A batch is a set of sequences of one model packed end to end, never padded, of at most
//    max_batch_tokens. A job that is larger is split over batches and joined again.
//  - Work-conserving: a device that the pool offers takes what is queued at once. Batches grow by
//    themselves while devices are busy. max_queue_delay only adds waiting if asked.
//  - Queues are per model version, and bounded in tokens and requests; the most urgent priority
//    first, clients in turns, each one's earliest deadline first (model_queue.h). Between models:
//    deficit round robin over tokens.
//  - A job is refused at once where there is no room for it, or no hope (admission.h); one that is
//    cancelled, or cannot be done by its deadline any more, is answered, not computed.
//  - A batch whose device fails runs on another device: DevicePool. Where no device is ready, jobs
//    wait for one to come back, for at most max_outage.
// A device's thread that has finished a batch runs the callbacks itself when nothing waits (the
// device would be idle anyway, and a hand-over costs a context switch); otherwise it hands them to
// the batcher's own thread, which also watches over deadlines, and takes the next batch.
// Thread-safe. The destructor answers what is still queued with UNAVAILABLE, waits for what is
// running and joins all threads.
#ifndef SERVER_BATCHING_BATCHER_H_
#define SERVER_BATCHING_BATCHER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "accel/device_pool/device_pool.h"
#include "server/batching/admission.h"
#include "server/batching/batch_observer.h"
#include "server/batching/inference_job.h"

namespace sta {

struct BatcherOptions {
  // Most tokens in a batch, >= 1. A single longer sequence still runs, alone. Clipped to what a
  // device takes.
  int64_t max_batch_tokens = 16384;
  AdmissionOptions admission;
  // How long a device waits for a batch to grow; 0: not at all.
  absl::Duration max_queue_delay = absl::ZeroDuration();
  // How long jobs wait for a device to come back where none is ready.
  absl::Duration max_outage = absl::Seconds(5);
};

// A request whose tokens are not counted yet.
struct EarlyRequest {
  std::shared_ptr<const ServedModel> model;
  std::string client;
  int64_t priority = 0;
  absl::Time deadline = absl::InfiniteFuture();
  int64_t least_tokens = 0;  // it has no fewer
  int64_t about_tokens = 0;  // a guess
};

class BatcherCore;

class Batcher {
 public:
  // `clock` and `observer` outlive the batcher, which has the pool for itself.
  Batcher(std::unique_ptr<DevicePool> pool, const BatcherOptions& options, Clock& clock,
          BatchObserver& observer);
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Loads `model` on every device that takes it: DevicePool::Load. memory_bytes is what it takes on
  // the devices.
  absl::StatusOr<std::shared_ptr<ServedModel>> Load(std::string name, int64_t version,
                                                    std::shared_ptr<const LoadedModel> model);

  // Never blocks. `job.done` is called exactly once with the rows or: RESOURCE_EXHAUSTED (no room,
  // or not for this client; RetryAfterOf it says when to try again), UNAVAILABLE (draining, or
  // every device failed), DEADLINE_EXCEEDED, CANCELLED, DATA_LOSS (the model is damaged:
  // LoadedModel::CheckIntact).
  void Submit(InferenceJob job);
  // Whether Submit would refuse the request for certain, before its text is tokenized for nothing;
  // then it has been counted as refused. Never blocks.
  absl::Status CheckEarly(const EarlyRequest& request);

  // From now on Submit answers UNAVAILABLE.
  void StopAccepting();
  // Waits until every accepted job has been answered; false where `deadline` came first.
  bool WaitUntilIdle(absl::Time deadline);

  // To look after the devices; Choose, Dispatch and SetOnRoom are the batcher's.
  DevicePool& pool();

 private:
  std::unique_ptr<BatcherCore> core_;
};

}  // namespace sta

#endif  // SERVER_BATCHING_BATCHER_H_
