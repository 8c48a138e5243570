// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "accel/device_pool/pool_core.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// How long a probe may take; a device that hangs says so long before.
constexpr absl::Duration kProbeTimeout = absl::Minutes(1);

}  // namespace

void PoolCore::Fail(size_t device, const absl::Status& status) {
  std::vector<std::unique_ptr<PoolJob>> waiting;
  bool changed = false;
  {
    const absl::MutexLock lock(&mutex_);
    changed = workers_[device]->health().RunFailed(StdView(status.message()), clock_.Now());
    waiting = workers_[device]->TakeWaiting();
    workers_[device]->Wake();
  }
  if (changed) ReportState(device);
  for (std::unique_ptr<PoolJob>& job : waiting) RunElsewhere(std::move(job), device, status);
}

void PoolCore::OnAttemptDue(size_t device) {
  ReportState(device);
  absl::Status status = workers_[device]->device().Recover();
  if (status.ok()) {
    status = known_answer_.Probe(workers_[device]->device(), clock_.Now() + kProbeTimeout);
  }
  bool changed = false;
  for (bool is_settled = false; !is_settled;) {
    if (status.ok()) status = LoadMissing(device);
    const absl::MutexLock lock(&mutex_);
    // What is added from here on finds the device ready.
    is_settled = !status.ok() || MissingOn(device) == nullptr;
    if (!is_settled) continue;
    HealthTracker& health = workers_[device]->health();
    changed = status.ok() ? health.AttemptSucceeded(clock_.Now())
                          : health.AttemptFailed(StdView(status.message()), clock_.Now());
  }
  if (changed) ReportState(device);
  NotifyRoom();
}

std::shared_ptr<ProgramCopies> PoolCore::MissingOn(size_t device) const {
  for (const std::shared_ptr<ProgramCopies>& program : programs_) {
    const absl::StatusCode refusal = program->refusals[device].code();
    const bool may_fit =
        refusal == absl::StatusCode::kOk || IsDeviceFailure(program->refusals[device]);
    if (program->on_device[device] == nullptr && may_fit) return program;
  }
  return nullptr;
}

absl::Status PoolCore::LoadMissing(size_t device) {
  while (true) {
    std::shared_ptr<ProgramCopies> program;
    {
      const absl::MutexLock lock(&mutex_);
      program = MissingOn(device);
    }
    if (program == nullptr) return absl::OkStatus();
    absl::StatusOr<std::unique_ptr<LoadedProgram>> loaded =
        workers_[device]->device().Load(program->program);
    const absl::Status status = loaded.status();
    KeepLoaded(device, program, std::move(loaded));
    if (IsDeviceFailure(status)) return status;
  }
}

std::vector<DeviceStatus> PoolCore::Devices() {
  std::vector<DeviceStatus> list;
  {
    const absl::MutexLock lock(&mutex_);
    for (const auto& worker : workers_) list.push_back(worker->Status());
  }
  for (size_t i = 0; i < list.size(); ++i) list[i].telemetry = workers_[i]->device().telemetry();
  return list;
}

uint64_t PoolCore::WaitForChange(uint64_t seen, absl::Time deadline) {
  const absl::MutexLock lock(&mutex_);
  while (changes_ == seen && clock_.Now() < deadline) {
    clock_.Wait(state_changed_, mutex_, deadline);
  }
  return changes_;
}

void PoolCore::WakeWaiters() {
  const absl::MutexLock lock(&mutex_);
  ++changes_;
  state_changed_.SignalAll();
}

void PoolCore::ReportState(size_t device) {
  // One at a time, so that what is told last is the state that the device is in.
  const absl::MutexLock reporting(&report_mutex_);
  ToldState now;
  {
    const absl::MutexLock lock(&mutex_);
    ++changes_;
    state_changed_.SignalAll();
    now = {.state = workers_[device]->health().state(),
           .reason = workers_[device]->health().reason()};
  }
  if (told_[device] == now) return;  // by another thread
  told_[device] = now;
  observer_.OnStateChange(NameOf(device), DeviceStateName(now.state), now.reason);
}

absl::StatusOr<size_t> PoolCore::Find(std::string_view device) const {
  std::string names;
  for (size_t i = 0; i < workers_.size(); ++i) {
    if (NameOf(i) == device) return i;
    StrAppend(&names, i == 0 ? "" : ", ", NameOf(i));
  }
  return absl::NotFoundError(StrCat("no device is called '", device, "'; there are: ", names));
}

absl::Status PoolCore::Quarantine(std::string_view device, std::string_view reason, bool force) {
  const absl::StatusOr<size_t> found = Find(device);
  if (!found.ok()) return found.status();
  {
    const absl::MutexLock lock(&mutex_);
    const auto ready = std::ranges::count_if(
        workers_, [](const auto& worker) { return worker->health().ready(); });
    if (ready == 1 && workers_[*found]->health().ready() && !force) {
      return absl::FailedPreconditionError(
          StrCat("'", device, "' is the only device that is ready; force it to stop serving"));
    }
    if (!workers_[*found]->health().Hold(reason, clock_.Now())) return absl::OkStatus();
    LookBefore(absl::InfinitePast());
  }
  ReportState(*found);
  return absl::OkStatus();
}

absl::Status PoolCore::Release(std::string_view device) {
  const absl::StatusOr<size_t> found = Find(device);
  if (!found.ok()) return found.status();
  {
    const absl::MutexLock lock(&mutex_);
    if (!workers_[*found]->health().Release(clock_.Now())) return absl::OkStatus();
    workers_[*found]->Wake();
  }
  ReportState(*found);
  return absl::OkStatus();
}

}  // namespace sta
