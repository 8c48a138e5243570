// SPDX-License-Identifier: Apache-2.0
//
// DeviceWorker: a device, its thread, and what is known of it. The thread alone calls the device:
// it runs batches in the order of their arrival, up to caps().max_in_flight started, loads and
// destroys programs, and brings the device back when it has failed. Internal to accel/device_pool.
//
// What waits, the health and the figures are guarded by the pool's mutex.
#ifndef ACCEL_DEVICE_POOL_DEVICE_WORKER_H_
#define ACCEL_DEVICE_POOL_DEVICE_WORKER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <thread>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/device.h"
#include "accel/device_pool/clock.h"
#include "accel/device_pool/device_health.h"
#include "accel/device_pool/device_status.h"
#include "accel/device_pool/placement.h"
#include "accel/device_pool/pool_job.h"
#include "accel/device_pool/run_time_correction.h"

namespace sta {

// What a worker tells the pool, from its thread, without a lock held.
class WorkerEvents {
 public:
  virtual ~WorkerEvents() = default;

  // A run is over; `duration` is the device's time for it alone.
  virtual void OnFinished(size_t device, std::unique_ptr<PoolJob> job, const absl::Status& status,
                          absl::Duration duration) = 0;
  // Jobs that came when the device was not in service.
  virtual void OnRefused(size_t device, std::vector<std::unique_ptr<PoolJob>> jobs) = 0;
  // Device::Load is over: the pool keeps the result.
  virtual void OnLoaded(size_t device, const std::shared_ptr<ProgramCopies>& program,
                        absl::StatusOr<std::unique_ptr<LoadedProgram>> loaded) = 0;
  // An attempt to bring the device back is to be made: Recover, probe, load what it lacks.
  virtual void OnAttemptDue(size_t device) = 0;
};

// What is less late than this is on time.
inline constexpr absl::Duration kSmallestDelay = absl::Milliseconds(5);

class DeviceWorker {
 public:
  // `mutex`, `clock` and `events` outlive the worker.
  DeviceWorker(std::unique_ptr<Device> device, size_t index, const HealthTracker::Backoff& backoff,
               absl::Mutex& mutex, Clock& clock, WorkerEvents& events);
  // Join has been called.
  ~DeviceWorker() = default;

  void Start() {
    thread_ = std::thread([this] { Loop(); });
  }
  // Waits for the thread's end, after Stop.
  void Join() { thread_.join(); }

  Device& device() { return *device_; }  // for its thread, and for methods of any thread
  const Device& device() const { return *device_; }
  // Whether what it computes is taken to be right.
  bool is_believed() const { return is_believed_; }

  // The methods from here on need the pool's mutex.

  void Enqueue(std::unique_ptr<PoolJob> job, bool first);
  void EnqueueLoad(std::shared_ptr<ProgramCopies> program);
  void Destroy(std::unique_ptr<LoadedProgram> program);
  // Jobs that wait, to be given to somebody else.
  std::vector<std::unique_ptr<PoolJob>> TakeWaiting();
  // The thread ends when all that waits is done.
  void Stop();
  // The thread looks at the health again.
  void Wake() { changed_.SignalAll(); }

  int in_flight() const { return in_flight_; }
  bool has_waiting() const { return !waiting_.empty(); }
  // The thread waits for something to do.
  bool is_idle() const { return is_idle_; }
  bool has_room() const { return in_flight_ < device_->caps().max_in_flight; }
  HealthTracker& health() { return health_; }
  const HealthTracker& health() const { return health_; }

  // Estimates are corrected by what batches took.
  DeviceView View(const ProgramCopies& program, std::span<const int32_t> offsets,
                  absl::Time now) const;

  // What the device has begun, a load or a run, takes longer than expected.
  bool IsLate(absl::Time now) const { return now >= BegunUntil() + kSmallestDelay; }
  // When one should look whether it is late: after the expected end, and from then on whenever it
  // is twice as late as at `now`, for then others may be expected to finish first.
  absl::Time NextLook(absl::Time now) const;

  // Books a run that is over.
  void CountRun(const PoolJob& job, const absl::Status& status, absl::Duration duration);
  void CountAudit(bool matched);
  DeviceStatus Status() const;

 private:
  struct Running {
    std::unique_ptr<PoolJob> job;
    std::unique_ptr<PendingRun> pending;  // null where Finish is to call Run
    absl::Time started;
  };
  struct End {};
  struct Finish {};
  struct Attempt {};
  using LoadOf = std::shared_ptr<ProgramCopies>;
  using Begin = std::unique_ptr<PoolJob>;
  using Refuse = std::vector<std::unique_ptr<PoolJob>>;
  using DestroyAll = std::vector<std::unique_ptr<LoadedProgram>>;
  using Action = std::variant<End, Finish, Attempt, LoadOf, Begin, Refuse, DestroyAll>;

  absl::Duration WaitingTime() const;
  // When what it has begun should be over.
  absl::Time BegunUntil() const { return free_at_ - WaitingTime(); }

  void Loop();
  // Waits until there is something to do.
  Action NextAction();
  void BeginRun(std::unique_ptr<PoolJob> job);
  void FinishRun();

  const std::unique_ptr<Device> device_;
  const size_t index_;
  const bool is_believed_;
  absl::Mutex& mutex_;
  Clock& clock_;
  WorkerEvents& events_;

  // Of the thread.
  std::deque<Running> running_;
  absl::Time last_finish_ = absl::InfinitePast();

  // Guarded by the pool's mutex.
  absl::CondVar changed_;
  std::deque<std::unique_ptr<PoolJob>> waiting_;
  std::deque<std::shared_ptr<ProgramCopies>> loads_;
  DestroyAll to_destroy_;
  bool is_idle_ = false;
  bool stopping_ = false;
  int in_flight_ = 0;  // waiting, started, or between the two
  HealthTracker health_;
  RunTimeCorrection correction_;
  absl::Time free_at_ = absl::InfinitePast();  // expected; in the past where it is late
  absl::Time busy_since_;
  DeviceStatus counts_;  // its counters and `busy`

  std::thread thread_;
};

}  // namespace sta

#endif  // ACCEL_DEVICE_POOL_DEVICE_WORKER_H_
