// SPDX-License-Identifier: Apache-2.0
//
// PoolCore: the inside of DevicePool, in four files: pool_core.cc (loading, dispatch, failover),
// pool_audit.cc, pool_health.cc (what becomes of devices) and pool_watch.cc (what waits for devices
// that are late). Internal to accel/device_pool.
//
// One mutex guards what is known of all devices. No task or observer is called under it, and of a
// device only caps and EstimateRun, which return at once.
#ifndef ACCEL_DEVICE_POOL_POOL_CORE_H_
#define ACCEL_DEVICE_POOL_POOL_CORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "accel/device_pool/device_pool.h"
#include "accel/device_pool/device_worker.h"
#include "accel/device_pool/known_answer.h"
#include "accel/device_pool/pool_job.h"
#include "accel/device_pool/pool_observer.h"

namespace sta {

// Whether the device is to blame, so that the batch may run on another one.
bool IsDeviceFailure(const absl::Status& status);

class PoolCore final : public WorkerEvents {
 public:
  PoolCore(std::vector<std::unique_ptr<Device>> devices, const DevicePoolOptions& options,
           Clock& clock, PoolObserver& observer);
  ~PoolCore() override;

  absl::StatusOr<std::unique_ptr<PooledProgram>> Load(std::shared_ptr<const Program> program);
  void Abandon(const std::shared_ptr<ProgramCopies>& program);
  std::vector<std::string> DevicesOf(const ProgramCopies& program);
  int64_t MemoryBytes(const ProgramCopies& program);

  std::optional<DevicePool::Slot> Choose(const ProgramCopies& program,
                                         const DevicePool::Offer& offer);
  std::optional<Outlook> LookAhead(const ProgramCopies& program,
                                   std::span<const int32_t> sequence_offsets,
                                   int64_t tokens_before);
  void Dispatch(const DevicePool::Slot& slot, std::unique_ptr<PoolJob> job);
  void SetOnRoom(absl::AnyInvocable<void()> on_room) { on_room_ = std::move(on_room); }
  int64_t max_tokens() const;

  std::vector<DeviceStatus> Devices();
  uint64_t WaitForChange(uint64_t seen, absl::Time deadline);
  void WakeWaiters();
  absl::Status Quarantine(std::string_view device, std::string_view reason, bool force);
  absl::Status Release(std::string_view device);

  // WorkerEvents:
  void OnFinished(size_t device, std::unique_ptr<PoolJob> job, const absl::Status& returned,
                  absl::Duration duration) override;
  void OnRefused(size_t device, std::vector<std::unique_ptr<PoolJob>> jobs) override;
  void OnLoaded(size_t device, const std::shared_ptr<ProgramCopies>& program,
                absl::StatusOr<std::unique_ptr<LoadedProgram>> loaded) override;
  void OnAttemptDue(size_t device) override;

 private:
  std::vector<DeviceView> ViewsOf(const ProgramCopies& program,
                                  std::span<const int32_t> sequence_offsets, absl::Time now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string_view NameOf(size_t device) const { return workers_[device]->device().caps().name; }
  absl::StatusOr<size_t> Find(std::string_view device) const;

  // The device has failed: out of service, and what waits for it goes to others.
  void Fail(size_t device, const absl::Status& status);
  // The device that will finish first among those that the job has neither failed on nor been
  // computed by, and the job's estimate is for that; an audit asks one that is believed, where
  // there is one.
  std::optional<size_t> NextDevice(PoolJob& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Enqueue(size_t device, std::unique_ptr<PoolJob> job, bool first)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Gives the job to NextDevice and returns that; `job` is left where there is none.
  std::optional<size_t> Reassign(std::unique_ptr<PoolJob>& job);
  // What becomes of a job that `from` has failed, or left behind.
  void RunElsewhere(std::unique_ptr<PoolJob> job, size_t from, const absl::Status& status);

  // The pool's own thread: at next_look_ it gives jobs that wait for devices that are late, or not
  // in service, to others, and lets Choose be asked again.
  void Watch();
  void MoveWaiting();
  // Of a device that has begun something, where somebody waits for it.
  void LookWhenLate(size_t device) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LookBefore(absl::Time time) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  bool ShouldAudit(size_t device);
  void BeginAudit(size_t device, std::unique_ptr<PoolJob> job);
  void ContinueAudit(size_t device, std::unique_ptr<PoolJob> job);
  // Has the batch of an audit computed by one more device.
  void AskAnother(std::unique_ptr<PoolJob> job);
  void EndAudit(std::unique_ptr<PoolJob> job, size_t right);

  // Makes the devices' threads load it, those apart whose caps().loads_beside_runs; returns all
  // devices that are to have it.
  std::vector<size_t> BeginLoad(const std::shared_ptr<ProgramCopies>& copies);
  // Loads on the device, from its thread, what came while it was away. Not OK where it failed.
  absl::Status LoadMissing(size_t device);
  std::shared_ptr<ProgramCopies> MissingOn(size_t device) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void KeepLoaded(size_t device, const std::shared_ptr<ProgramCopies>& program,
                  absl::StatusOr<std::unique_ptr<LoadedProgram>> loaded);

  // Tells the state that the device is in now, unless it was told before.
  void ReportState(size_t device) ABSL_LOCKS_EXCLUDED(mutex_, report_mutex_);
  void NotifyRoom() {
    if (on_room_) on_room_();
  }

  const DevicePoolOptions options_;
  Clock& clock_;
  PoolObserver& observer_;
  const KnownAnswer known_answer_;

  absl::Mutex mutex_;
  absl::CondVar loaded_changed_;
  absl::CondVar state_changed_;
  std::vector<std::shared_ptr<ProgramCopies>> programs_ ABSL_GUARDED_BY(mutex_);
  uint64_t changes_ ABSL_GUARDED_BY(mutex_) = 1;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_);
  bool is_closing_ ABSL_GUARDED_BY(mutex_) = false;
  absl::CondVar watch_changed_;
  absl::Time next_look_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  absl::AnyInvocable<void()> on_room_;

  // What the observer knows of each device.
  struct ToldState {
    DeviceState state = DeviceState::kReady;
    std::string reason;

    friend bool operator==(const ToldState&, const ToldState&) = default;
  };
  absl::Mutex report_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  std::vector<std::optional<ToldState>> told_ ABSL_GUARDED_BY(report_mutex_);

  std::vector<std::unique_ptr<DeviceWorker>> workers_;
  std::thread watch_;
};

// The PooledProgram of the pool.
class ProgramOfPool final : public PooledProgram {
 public:
  ProgramOfPool(PoolCore& pool, std::shared_ptr<ProgramCopies> copies)
      : pool_(pool), copies_(std::move(copies)) {}
  ~ProgramOfPool() override { pool_.Abandon(copies_); }

  std::vector<std::string> devices() const override { return pool_.DevicesOf(*copies_); }
  int64_t memory_bytes() const override { return pool_.MemoryBytes(*copies_); }
  const std::shared_ptr<ProgramCopies>& copies() const { return copies_; }

 private:
  PoolCore& pool_;
  const std::shared_ptr<ProgramCopies> copies_;
};

}  // namespace sta

#endif  // ACCEL_DEVICE_POOL_POOL_CORE_H_
