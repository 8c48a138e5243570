// SPDX-License-Identifier: Apache-2.0
//
// DiagnosticRunner: when a request for a diagnostic model is answered: at once, or after the
// model's delay. What the batcher is to models that compute, without devices and batches.
//
//   DiagnosticRunner runner({}, clock, observer);
//   runner.Submit({.model = served, .deadline = deadline, .done = [](const absl::Status&) { ...
//   }}); runner.StopAccepting(); runner.WaitUntilIdle(absl::Now() + absl::Seconds(30));
//
// Thread-safe. No thread waits for a delay: one, made when the first request has to wait, watches
// over all that wait. The destructor answers what still waits with UNAVAILABLE.
#ifndef SERVER_SERVICES_DIAGNOSTIC_RUNNER_H_
#define SERVER_SERVICES_DIAGNOSTIC_RUNNER_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "server/batching/batch_observer.h"
#include "server/models/served_model.h"

namespace sta {

struct DiagnosticJob {
  std::shared_ptr<const ServedModel> model;
  absl::Time deadline = absl::InfiniteFuture();
  // Set by the owner when the client has gone, who then calls OnCancelled; null: nobody can cancel.
  std::shared_ptr<const std::atomic<bool>> cancelled;
  // Called exactly once, from Submit or the runner's thread, without a lock held: OK when it is
  // time to compute and to answer.
  absl::AnyInvocable<void(const absl::Status&)> done;
};

class DiagnosticRunner {
 public:
  struct Options {
    int64_t max_waiting_requests = 4096;
  };

  // `clock` and `observer` outlive the runner.
  DiagnosticRunner(const Options& options, Clock& clock, BatchObserver& observer)
      : options_(options), clock_(clock), observer_(observer) {}
  ~DiagnosticRunner();
  DiagnosticRunner(const DiagnosticRunner&) = delete;
  DiagnosticRunner& operator=(const DiagnosticRunner&) = delete;

  // Never blocks. `job.done` gets OK or: UNAVAILABLE (draining), CANCELLED, DEADLINE_EXCEEDED (at
  // once, where the delay ends after the deadline), RESOURCE_EXHAUSTED (too many wait).
  void Submit(DiagnosticJob job);

  // The flag of a job was set: it is answered now and not at the end of its delay.
  void OnCancelled();

  // From now on Submit answers UNAVAILABLE.
  void StopAccepting() { accepting_.store(false); }
  // Waits until nothing waits any more; false where `deadline` came first.
  bool WaitUntilIdle(absl::Time deadline);

 private:
  using Answers = std::vector<std::pair<DiagnosticJob, absl::Status>>;

  absl::Status Admit(const DiagnosticJob& job, absl::Time now, RejectReason& reason) const;
  // Puts the job among those that wait; leaves it where there are too many.
  bool Enqueue(DiagnosticJob& job, absl::Time due);
  // What is due or cancelled now.
  Answers TakeAnswers(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Answer(Answers answers);
  void Loop();

  const Options options_;
  Clock& clock_;
  BatchObserver& observer_;
  std::atomic<bool> accepting_ = true;
  // Of waiting_, for who only wants to know whether there are any.
  std::atomic<int64_t> unanswered_ = 0;

  absl::Mutex mutex_;
  absl::CondVar changed_;
  absl::CondVar idle_;
  std::multimap<absl::Time, DiagnosticJob> waiting_ ABSL_GUARDED_BY(mutex_);
  bool look_for_cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // SERVER_SERVICES_DIAGNOSTIC_RUNNER_H_
