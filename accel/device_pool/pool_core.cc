// SPDX-License-Identifier: Apache-2.0
#include "accel/device_pool/pool_core.h"

#include <algorithm>
#include <utility>

#include "strings/str_cat.h"

namespace sta {
namespace {

// What a device returned, as device.h has it. A device that returns anything else has failed, too.
absl::Status AsDocumented(const absl::Status& status) {
  if (status.ok() || IsDeviceFailure(status) || absl::IsDeadlineExceeded(status) ||
      absl::IsInvalidArgument(status)) {
    return status;
  }
  return absl::InternalError(StrCat("the device failed with ", StdView(status.ToString())));
}

}  // namespace

bool IsDeviceFailure(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsInternal(status) || absl::IsDataLoss(status);
}

PoolCore::PoolCore(std::vector<std::unique_ptr<Device>> devices, const DevicePoolOptions& options,
                   Clock& clock, PoolObserver& observer)
    : options_(options),
      clock_(clock),
      observer_(observer),
      random_(std::random_device()()),
      told_(devices.size()) {
  for (std::unique_ptr<Device>& device : devices) {
    workers_.push_back(std::make_unique<DeviceWorker>(
        std::move(device), workers_.size(),
        HealthTracker::Backoff{options_.first_backoff, options_.longest_backoff}, mutex_, clock_,
        *this));
  }
  for (size_t i = 0; i < workers_.size(); ++i) ReportState(i);
  for (const auto& worker : workers_) worker->Start();
  watch_ = std::thread([this] { Watch(); });
}

PoolCore::~PoolCore() {
  std::vector<std::unique_ptr<PoolJob>> abandoned;
  {
    const absl::MutexLock lock(&mutex_);
    is_closing_ = true;
    for (const auto& worker : workers_) {
      for (auto& job : worker->TakeWaiting()) abandoned.push_back(std::move(job));
      worker->Stop();
    }
    watch_changed_.Signal();
  }
  for (std::unique_ptr<PoolJob>& job : abandoned) {
    job->task->Done(absl::UnavailableError("the device pool is being closed"));
    job.reset();  // it may be the last to have its program, which goes before the devices
  }
  watch_.join();
  // All before the first is destroyed: what one finishes has to do with others.
  for (const auto& worker : workers_) worker->Join();
  workers_.clear();
}

std::vector<size_t> PoolCore::BeginLoad(const std::shared_ptr<ProgramCopies>& copies) {
  const absl::MutexLock lock(&mutex_);
  programs_.push_back(copies);
  std::vector<size_t> loading;
  for (size_t i = 0; i < workers_.size(); ++i) {
    if (!workers_[i]->health().ready()) {
      copies->refusals[i] = absl::UnavailableError(workers_[i]->health().reason());
      continue;
    }
    if (!workers_[i]->device().caps().loads_beside_runs) workers_[i]->EnqueueLoad(copies);
    loading.push_back(i);
  }
  return loading;
}

absl::StatusOr<std::unique_ptr<PooledProgram>> PoolCore::Load(
    std::shared_ptr<const Program> program) {
  auto copies = std::make_shared<ProgramCopies>();
  copies->program = std::move(program);
  copies->on_device.resize(workers_.size());
  copies->refusals.resize(workers_.size());
  auto pooled = std::make_unique<ProgramOfPool>(*this, copies);
  const std::vector<size_t> loading = BeginLoad(copies);
  for (const size_t i : loading) {
    if (!workers_[i]->device().caps().loads_beside_runs) continue;
    // With the priority of whoever loads: batches go first.
    OnLoaded(i, copies, workers_[i]->device().Load(copies->program));
  }
  const absl::MutexLock lock(&mutex_);
  const auto is_done = [&](size_t i) {
    return copies->on_device[i] != nullptr || !copies->refusals[i].ok();
  };
  while (!std::ranges::all_of(loading, is_done)) loaded_changed_.Wait(&mutex_);
  const bool has_device =
      std::ranges::any_of(copies->on_device, [](const auto& loaded) { return loaded != nullptr; });
  if (has_device) return pooled;
  const absl::Status last = copies->refusals.back();
  const std::string message =
      StrCat("device '", NameOf(workers_.size() - 1), "': ", last.message());
  std::erase(programs_, copies);
  copies->is_abandoned = true;
  return absl::Status(last.code(), AbslView(message));
}

void PoolCore::Abandon(const std::shared_ptr<ProgramCopies>& program) {
  const absl::MutexLock lock(&mutex_);
  program->is_abandoned = true;
  std::erase(programs_, program);
  for (size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->Destroy(std::move(program->on_device[i]));
  }
}

std::vector<std::string> PoolCore::DevicesOf(const ProgramCopies& program) {
  const absl::MutexLock lock(&mutex_);
  std::vector<std::string> names;
  for (size_t i = 0; i < workers_.size(); ++i) {
    if (program.on_device[i] != nullptr) names.emplace_back(NameOf(i));
  }
  return names;
}

int64_t PoolCore::MemoryBytes(const ProgramCopies& program) {
  const absl::MutexLock lock(&mutex_);
  int64_t sum = 0;
  for (const auto& loaded : program.on_device) {
    if (loaded != nullptr) sum += loaded->memory_bytes();
  }
  return sum;
}

void PoolCore::OnLoaded(size_t device, const std::shared_ptr<ProgramCopies>& program,
                        absl::StatusOr<std::unique_ptr<LoadedProgram>> loaded) {
  const absl::Status status = loaded.status();
  KeepLoaded(device, program, std::move(loaded));
  if (!IsDeviceFailure(status)) return;
  Fail(device, status);
  NotifyRoom();
}

void PoolCore::KeepLoaded(size_t device, const std::shared_ptr<ProgramCopies>& program,
                          absl::StatusOr<std::unique_ptr<LoadedProgram>> loaded) {
  const absl::MutexLock lock(&mutex_);
  program->refusals[device] = loaded.status();
  // It may have been loaded while the device was on probation: a batch may be running on that.
  std::unique_ptr<LoadedProgram>& on_device = program->on_device[device];
  if (loaded.ok() && on_device == nullptr && !program->is_abandoned) {
    on_device = *std::move(loaded);
  }
  loaded_changed_.SignalAll();
}

std::vector<DeviceView> PoolCore::ViewsOf(const ProgramCopies& program,
                                          std::span<const int32_t> sequence_offsets,
                                          absl::Time now) const {
  std::vector<DeviceView> views;
  views.reserve(workers_.size());
  for (const auto& worker : workers_) views.push_back(worker->View(program, sequence_offsets, now));
  return views;
}

std::optional<Outlook> PoolCore::LookAhead(const ProgramCopies& program,
                                           std::span<const int32_t> sequence_offsets,
                                           int64_t tokens_before) {
  const absl::MutexLock lock(&mutex_);
  return sta::LookAhead(ViewsOf(program, sequence_offsets, clock_.Now()), sequence_offsets.back(),
                        tokens_before, sequence_offsets.size() > 2);
}

std::optional<DevicePool::Slot> PoolCore::Choose(const ProgramCopies& program,
                                                 const DevicePool::Offer& offer) {
  const absl::MutexLock lock(&mutex_);
  const std::vector<DeviceView> views = ViewsOf(program, offer.sequence_offsets, clock_.Now());
  const int64_t batch_tokens = offer.sequence_offsets.back();
  const std::optional<Placement> placement =
      Place(views, {.batch_tokens = batch_tokens,
                    .waiting_tokens = std::max(batch_tokens, offer.waiting_tokens)});
  if (!placement.has_value()) {
    for (size_t i = 0; i < workers_.size(); ++i) {
      if (views[i].ready && !views[i].has_room) LookWhenLate(i);
    }
    return std::nullopt;
  }
  const double share =
      static_cast<double>(placement->token_budget) / static_cast<double>(batch_tokens);
  return DevicePool::Slot{.device = placement->device,
                          .token_budget = placement->token_budget,
                          .estimate = share * views[placement->device].estimate,
                          .begin = views[placement->device].free_in};
}

void PoolCore::Dispatch(const DevicePool::Slot& slot, std::unique_ptr<PoolJob> job) {
  job->estimate = slot.estimate;
  const absl::MutexLock lock(&mutex_);
  size_t device = slot.device;
  // Where none is ready, the thread of this one finds that out and refuses the job.
  if (!workers_[device]->health().ready()) device = NextDevice(*job).value_or(device);
  Enqueue(device, std::move(job), /*first=*/false);
}

void PoolCore::Enqueue(size_t device, std::unique_ptr<PoolJob> job, bool first) {
  DeviceWorker& worker = *workers_[device];
  worker.Enqueue(std::move(job), first);
  // An idle thread begins what comes first, when it wakes.
  if (!worker.is_idle() || worker.in_flight() > 1) LookWhenLate(device);
}

std::optional<size_t> PoolCore::NextDevice(PoolJob& job) {
  const absl::Time now = clock_.Now();
  std::vector<DeviceView> views;
  for (size_t i = 0; i < workers_.size(); ++i) {
    const bool has_tried = std::ranges::find(job.failed_on, i) != job.failed_on.end();
    const bool has_voted = std::ranges::find(job.votes, i, &AuditVote::device) != job.votes.end();
    const DeviceView view = workers_[i]->View(*job.program, job.sequence_offsets, now);
    if (job.is_audited() && view.ready && workers_[i]->is_believed() && !has_tried) {
      job.estimate = view.estimate;
      return i;
    }
    views.push_back(has_tried || has_voted ? DeviceView{} : view);
  }
  const std::optional<size_t> first = FirstToFinish(views);
  if (first.has_value()) job.estimate = views[*first].estimate;
  return first;
}

std::optional<size_t> PoolCore::Reassign(std::unique_ptr<PoolJob>& job) {
  const absl::MutexLock lock(&mutex_);
  if (is_closing_) return std::nullopt;  // the threads of other devices may have ended
  const std::optional<size_t> device = NextDevice(*job);
  if (device.has_value()) Enqueue(*device, std::move(job), /*first=*/true);
  return device;
}

void PoolCore::RunElsewhere(std::unique_ptr<PoolJob> job, size_t from, const absl::Status& status) {
  // It has rows already, and may do without more.
  if (job->is_audited()) return AskAnother(std::move(job));
  if (const std::optional<size_t> next = Reassign(job)) {
    observer_.OnFailover(NameOf(from), NameOf(*next));
    return;
  }
  job->task->Done(absl::UnavailableError(
      StrCat("no device could run the batch; '", NameOf(from), "': ", status.message())));
}

void PoolCore::OnRefused(size_t device, std::vector<std::unique_ptr<PoolJob>> jobs) {
  absl::Status status;
  {
    const absl::MutexLock lock(&mutex_);
    status = absl::UnavailableError(AbslView(workers_[device]->health().reason()));
  }
  for (std::unique_ptr<PoolJob>& job : jobs) RunElsewhere(std::move(job), device, status);
  NotifyRoom();
}

void PoolCore::OnFinished(size_t device, std::unique_ptr<PoolJob> job, const absl::Status& returned,
                          absl::Duration duration) {
  const absl::Status status = AsDocumented(returned);
  {
    const absl::MutexLock lock(&mutex_);
    workers_[device]->CountRun(*job, status, duration);
  }
  if (job->work.has_value()) {
    observer_.OnRun(NameOf(device), job->token_count(), duration, status);
  }
  if (IsDeviceFailure(status)) {
    job->failed_on.push_back(device);
    Fail(device, status);
    RunElsewhere(std::move(job), device, status);
  } else if (status.ok() && job->is_audited()) {
    ContinueAudit(device, std::move(job));
  } else if (status.ok() && ShouldAudit(device)) {
    BeginAudit(device, std::move(job));
  } else {
    job->task->Done(status);
  }
  NotifyRoom();
}

int64_t PoolCore::max_tokens() const {
  int64_t least = INT64_MAX;
  for (const auto& worker : workers_) {
    least = std::min(least, worker->device().caps().max_tokens);
  }
  return least;
}

}  // namespace sta
