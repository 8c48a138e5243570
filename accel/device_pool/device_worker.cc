// SPDX-License-Identifier: Apache-2.0
#include "accel/device_pool/device_worker.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sta {
namespace {

bool IsBelieved(const Device& device) {
  return device.caps().kind == "emulator" || device.caps().kind == "reference";
}

}  // namespace

DeviceWorker::DeviceWorker(std::unique_ptr<Device> device, size_t index,
                           const HealthTracker::Backoff& backoff, absl::Mutex& mutex, Clock& clock,
                           WorkerEvents& events)
    : device_(std::move(device)),
      index_(index),
      is_believed_(IsBelieved(*device_)),
      mutex_(mutex),
      clock_(clock),
      events_(events),
      health_(backoff, clock.Now()) {}

void DeviceWorker::Enqueue(std::unique_ptr<PoolJob> job, bool first) {
  const absl::Time now = clock_.Now();
  if (in_flight_++ == 0) busy_since_ = free_at_ = now;
  free_at_ += job->estimate;
  if (first) {
    waiting_.push_front(std::move(job));
  } else {
    waiting_.push_back(std::move(job));
  }
  changed_.SignalAll();
}

void DeviceWorker::EnqueueLoad(std::shared_ptr<ProgramCopies> program) {
  loads_.push_back(std::move(program));
  changed_.SignalAll();
}

void DeviceWorker::Destroy(std::unique_ptr<LoadedProgram> program) {
  if (program == nullptr) return;
  to_destroy_.push_back(std::move(program));
  changed_.SignalAll();
}

std::vector<std::unique_ptr<PoolJob>> DeviceWorker::TakeWaiting() {
  std::vector<std::unique_ptr<PoolJob>> jobs;
  for (std::unique_ptr<PoolJob>& job : waiting_) {
    free_at_ -= job->estimate;
    jobs.push_back(std::move(job));
  }
  waiting_.clear();
  in_flight_ -= static_cast<int>(jobs.size());
  if (!jobs.empty() && in_flight_ == 0) counts_.busy += clock_.Now() - busy_since_;
  return jobs;
}

void DeviceWorker::Stop() {
  stopping_ = true;
  changed_.SignalAll();
}

absl::Duration DeviceWorker::WaitingTime() const {
  absl::Duration sum;
  for (const std::unique_ptr<PoolJob>& job : waiting_) sum += job->estimate;
  return sum;
}

absl::Time DeviceWorker::NextLook(absl::Time now) const {
  const absl::Duration delay = now - BegunUntil();
  return now + std::max(delay, kSmallestDelay - delay);
}

DeviceView DeviceWorker::View(const ProgramCopies& program, std::span<const int32_t> offsets,
                              absl::Time now) const {
  const LoadedProgram* loaded = program.on_device[index_].get();
  if (loaded == nullptr || !health_.ready()) return {};
  constexpr std::array<int32_t, 2> kOneToken = {0, 1};
  const double factor = correction_.Factor(now);
  // What is late is expected to be as late once more: others take over from a device that hangs
  // before that is known.
  const absl::Duration free_in = absl::AbsDuration(BegunUntil() - now) + WaitingTime();
  return {.ready = true,
          .has_room = has_room(),
          .free_in = in_flight_ == 0 ? absl::ZeroDuration() : free_in,
          .estimate = factor * device_->EstimateRun(*loaded, offsets),
          .fixed_cost = factor * device_->EstimateRun(*loaded, kOneToken)};
}

void DeviceWorker::CountRun(const PoolJob& job, const absl::Status& status,
                            absl::Duration duration) {
  const absl::Time now = clock_.Now();
  if (--in_flight_ == 0) {
    counts_.busy += now - busy_since_;
    free_at_ = now;
  } else {
    free_at_ = std::max(free_at_ - job.estimate + duration, now);
  }
  if (!status.ok()) return;
  ++counts_.batches;
  counts_.tokens += job.token_count();
  const LoadedProgram& loaded = *job.program->on_device[index_];
  correction_.Add(duration, device_->EstimateRun(loaded, job.sequence_offsets), now);
}

void DeviceWorker::CountAudit(bool matched) {
  ++counts_.audits;
  if (!matched) ++counts_.audit_mismatches;
}

DeviceStatus DeviceWorker::Status() const {
  DeviceStatus status = counts_;
  status.caps = device_->caps();
  status.state = health_.state();
  status.reason = health_.reason();
  status.since = health_.since();
  status.next_attempt = health_.next_attempt();
  status.in_flight = in_flight_;
  status.failures = health_.failures();
  if (in_flight_ > 0) status.busy += clock_.Now() - busy_since_;
  return status;
}

DeviceWorker::Action DeviceWorker::NextAction() {
  const absl::MutexLock lock(&mutex_);
  while (true) {
    if (!to_destroy_.empty()) return std::exchange(to_destroy_, {});
    if (!loads_.empty()) {
      LoadOf load = std::move(loads_.front());
      loads_.pop_front();
      return load;
    }
    if (!waiting_.empty() && !health_.ready()) return TakeWaiting();
    if (!waiting_.empty() && std::ssize(running_) < device_->caps().max_in_flight) {
      Begin job = std::move(waiting_.front());
      waiting_.pop_front();
      return job;
    }
    if (!running_.empty()) return Finish{};
    if (stopping_) return End{};
    if (health_.BeginAttempt(clock_.Now())) return Attempt{};
    is_idle_ = true;
    clock_.Wait(changed_, mutex_, health_.next_attempt());
    is_idle_ = false;
  }
}

void DeviceWorker::Loop() {
  while (true) {
    Action action = NextAction();
    if (std::holds_alternative<End>(action)) return;
    if (std::holds_alternative<Finish>(action)) {
      FinishRun();
    } else if (std::holds_alternative<Attempt>(action)) {
      events_.OnAttemptDue(index_);
    } else if (const auto* load = std::get_if<LoadOf>(&action)) {
      events_.OnLoaded(index_, *load, device_->Load((*load)->program));
    } else if (auto* job = std::get_if<Begin>(&action)) {
      BeginRun(std::move(*job));
    } else if (auto* jobs = std::get_if<Refuse>(&action)) {
      events_.OnRefused(index_, std::move(*jobs));
    }  // what is to be destroyed goes with `action`
  }
}

void DeviceWorker::BeginRun(std::unique_ptr<PoolJob> job) {
  const absl::Time deadline = job->task->deadline();
  if (deadline <= clock_.Now()) {
    events_.OnFinished(index_, std::move(job),
                       absl::DeadlineExceededError("the deadline passed before the batch ran"),
                       absl::ZeroDuration());
    return;
  }
  if (!job->work.has_value()) job->work = job->task->Prepare(device_->caps().name);
  Running running = {.job = std::move(job), .started = clock_.Now()};
  if (device_->caps().max_in_flight > 1) {
    PoolJob& started = *running.job;
    absl::StatusOr<std::unique_ptr<PendingRun>> pending = device_->Start(
        *started.program->on_device[index_], started.work->batch, started.output(), deadline);
    if (!pending.ok()) {
      events_.OnFinished(index_, std::move(running.job), pending.status(),
                         clock_.Now() - running.started);
      return;
    }
    running.pending = *std::move(pending);
  }
  running_.push_back(std::move(running));
}

void DeviceWorker::FinishRun() {
  Running running = std::move(running_.front());
  running_.pop_front();
  PoolJob& job = *running.job;
  const absl::Status status = running.pending != nullptr
                                  ? running.pending->Finish()
                                  : device_->Run(*job.program->on_device[index_], job.work->batch,
                                                 job.output(), job.task->deadline());
  running.pending.reset();
  const absl::Time now = clock_.Now();
  const absl::Duration duration = now - std::max(running.started, last_finish_);
  last_finish_ = now;
  events_.OnFinished(index_, std::move(running.job), status, duration);
}

}  // namespace sta
