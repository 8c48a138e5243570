// SPDX-License-Identifier: Apache-2.0
//
// LoadingThread: verifies, loads and warms one version after another, at the lowest priority that a
// process may give itself, so that it takes only what requests leave of the processors.
//
//   LoadingThread loading(host, clock);
//   loading.Start({.version = info, .verify = true, .on_stage = ..., .on_done = ...});
//   loading.NoteUnload();
//
// When for a second no load or unload has ended it has the host return memory to the system.
// The callbacks run on the loading thread: they hand over. The destructor waits for the load in
// hand; what was not begun is dropped without a call.
#ifndef SERVER_MODELS_LOADING_THREAD_H_
#define SERVER_MODELS_LOADING_THREAD_H_

#include <memory>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "server/models/model_host.h"
#include "server/models/model_status.h"
#include "server/models/task_queue.h"

namespace sta {

struct LoadResult {
  absl::StatusOr<std::shared_ptr<const ServedModel>> served;
  bool is_verified = false;  // its bytes are those of its manifest
  absl::Duration duration;
};

struct LoadJob {
  VersionInfo version;
  bool verify = true;
  bool beside_others = false;                     // ModelHost::Warm
  absl::AnyInvocable<void(ModelState)> on_stage;  // kLoading, kWarming as they begin
  absl::AnyInvocable<void(LoadResult)> on_done;   // exactly once
};

class LoadingThread {
 public:
  // Both outlive it.
  LoadingThread(ModelHost& host, Clock& clock);
  ~LoadingThread();
  LoadingThread(const LoadingThread&) = delete;
  LoadingThread& operator=(const LoadingThread&) = delete;

  void Start(LoadJob job);
  // A model was unloaded.
  void NoteUnload();

 private:
  void Loop();
  void Run(LoadJob& job);
  LoadResult Load(LoadJob& job);

  ModelHost& host_;
  Clock& clock_;
  TaskQueue jobs_;
  std::thread thread_;
};

}  // namespace sta

#endif  // SERVER_MODELS_LOADING_THREAD_H_
