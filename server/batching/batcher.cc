// SPDX-License-Identifier: Apache-2.0
#include "server/batching/batcher.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/batching/batch_task.h"
#include "server/batching/queue_set.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using Finished = std::vector<std::shared_ptr<JobState>>;

absl::Status ShuttingDown() { return absl::UnavailableError("the server is shutting down"); }

}  // namespace

class Batcher::Impl {
 public:
  Impl(std::unique_ptr<DevicePool> pool, const BatcherOptions& options, Clock& clock,
       BatchObserver& observer);
  ~Impl();

  absl::StatusOr<std::shared_ptr<ServedModel>> Load(std::string name, int64_t version,
                                                    std::shared_ptr<const LoadedModel> model);
  void Submit(InferenceJob job);
  void StopAccepting();
  bool WaitUntilIdle(absl::Time deadline);
  DevicePool& pool() { return *pool_; }

 private:
  absl::Status CheckAdmission(const JobState& state, RejectReason& reason) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Admit(const std::shared_ptr<JobState>& state, RejectReason& reason);

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
  void ReportRemoved(const ModelQueue::Removed& removed);

  void ThreadLoop();
  // What the batcher's thread has to do when time has passed.
  void WatchTime(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Time NextEvent(absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeBefore(absl::Time event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remove(std::vector<ModelQueue::Removed> removed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const BatcherOptions options_;
  const int64_t device_capacity_;  // batches that the pool takes if all devices are ready
  Clock& clock_;
  BatchObserver& observer_;

  absl::Mutex mutex_;
  absl::CondVar idle_changed_;
  absl::CondVar thread_changed_;
  QueueSet queues_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<BatchBuffers>> free_buffers_ ABSL_GUARDED_BY(mutex_);
  std::deque<Finished> completions_ ABSL_GUARDED_BY(mutex_);
  std::vector<ModelQueue::Removed> removed_ ABSL_GUARDED_BY(mutex_);
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

namespace {

BatcherOptions Clip(const BatcherOptions& options, const DevicePool& pool) {
  BatcherOptions clipped = options;
  clipped.max_batch_tokens = std::min(clipped.max_batch_tokens, pool.max_tokens());
  return clipped;
}

int64_t CapacityOf(const DevicePool& pool) {
  int64_t capacity = 0;
  for (const DeviceStatus& device : pool.Devices()) capacity += device.caps.max_in_flight;
  return capacity;
}

}  // namespace

Batcher::Impl::Impl(std::unique_ptr<DevicePool> pool, const BatcherOptions& options, Clock& clock,
                    BatchObserver& observer)
    : options_(Clip(options, *pool)),
      device_capacity_(CapacityOf(*pool)),
      clock_(clock),
      observer_(observer),
      queues_(options_.max_batch_tokens, options_.max_queue_delay),
      pool_(std::move(pool)) {
  pool_->SetOnRoom([this] { Pump(); });
  thread_ = std::thread([this] { ThreadLoop(); });
}

Batcher::Impl::~Impl() {
  {
    const absl::MutexLock lock(&mutex_);
    accepting_ = false;
    Remove(queues_.RemoveAll(ShuttingDown()));
    while (batches_in_flight_ > 0) idle_changed_.Wait(&mutex_);
    stopping_ = true;
    thread_changed_.SignalAll();
  }
  thread_.join();
  pool_.reset();  // no callback comes any more
}

absl::StatusOr<std::shared_ptr<ServedModel>> Batcher::Impl::Load(
    std::string name, int64_t version, std::shared_ptr<const LoadedModel> model) {
  auto served = std::make_shared<ServedModel>();
  served->name = std::move(name);
  served->version = version;
  served->model = std::move(model);
  absl::StatusOr<std::unique_ptr<PooledProgram>> program = pool_->Load(served->model->program());
  if (!program.ok()) return program.status();
  served->program = *std::move(program);
  served->memory_bytes = served->program->memory_bytes();
  return served;
}

absl::Status Batcher::Impl::CheckAdmission(const JobState& state, RejectReason& reason) const {
  if (!accepting_) {
    reason = RejectReason::kDraining;
    return absl::UnavailableError("the server is draining; send the request to another one");
  }
  reason = RejectReason::kQueueFull;
  const int64_t tokens = state.TokensFrom(0);
  const ModelQueue* queue = queues_.Find(state.job.model);
  const int64_t queued_tokens = queue != nullptr ? queue->tokens() : 0;
  const int64_t queued_requests = queue != nullptr ? queue->requests() : 0;
  if (queued_tokens + tokens > options_.max_queue_tokens) {
    return absl::ResourceExhaustedError(
        StrCat("the request has ", tokens, " tokens and ", queued_tokens, " of at most ",
               options_.max_queue_tokens, " are queued for model '", state.job.model->name,
               "'; send less at once or try again later"));
  }
  if (queued_requests >= options_.max_queue_requests) {
    return absl::ResourceExhaustedError(StrCat(queued_requests, " requests are queued for model '",
                                               state.job.model->name,
                                               "', which is the limit; try again later"));
  }
  return absl::OkStatus();
}

absl::Status Batcher::Impl::Admit(const std::shared_ptr<JobState>& state, RejectReason& reason) {
  const absl::MutexLock lock(&mutex_);
  if (absl::Status status = CheckAdmission(*state, reason); !status.ok()) return status;
  ++unanswered_;
  if (queues_.empty()) last_progress_ = state->submitted;
  queues_.Add(state);
  PumpLocked();
  if (queues_.empty()) return absl::OkStatus();
  WakeBefore(std::min({state->job.deadline, last_progress_ + options_.max_outage,
                       options_.max_queue_delay > absl::ZeroDuration()
                           ? state->submitted + options_.max_queue_delay
                           : absl::InfiniteFuture()}));
  return absl::OkStatus();
}

void Batcher::Impl::Submit(InferenceJob job) {
  if (job.model->model->damaged()) return job.done(job.model->model->CheckIntact());
  auto state = std::make_shared<JobState>();
  state->submitted = clock_.Now();
  state->job = std::move(job);
  int64_t tokens = 0;
  state->result.sequence_offsets.push_back(0);
  for (const TokenSequence& sequence : state->job.sequences) {
    // Sums stay far below 2^31: a request is bounded by its message's size.
    tokens += std::ssize(sequence.ids);
    state->result.sequence_offsets.push_back(static_cast<int32_t>(tokens));
  }
  const std::shared_ptr<const ServedModel> model = state->job.model;
  // Before the job can be taken, so that the queue's gauge never shows less than nothing for long.
  observer_.OnQueueChange(*model, 1, tokens);
  RejectReason reason = RejectReason::kQueueFull;
  if (absl::Status admitted = Admit(state, reason); !admitted.ok()) {
    observer_.OnQueueChange(*model, -1, -tokens);
    observer_.OnRejected(*model, reason);
    state->job.done(std::move(admitted));
  }
}

void Batcher::Impl::StopAccepting() {
  const absl::MutexLock lock(&mutex_);
  accepting_ = false;
}

bool Batcher::Impl::WaitUntilIdle(absl::Time deadline) {
  const absl::MutexLock lock(&mutex_);
  while (unanswered_ > 0 && clock_.Now() < deadline) {
    clock_.Wait(idle_changed_, mutex_, deadline);
  }
  return unanswered_ == 0;
}

void Batcher::Impl::Pump() {
  const absl::MutexLock lock(&mutex_);
  PumpLocked();
}

void Batcher::Impl::PumpLocked() {
  if (queues_.empty() || batches_in_flight_ >= device_capacity_) return;
  const absl::Time now = clock_.Now();
  Remove(queues_.RemoveDead(now));
  while (batches_in_flight_ < device_capacity_ && DispatchOne(now)) {
  }
}

bool Batcher::Impl::DispatchOne(absl::Time now) {
  for (ModelQueue* queue : queues_.Eligible(now)) {
    const int64_t budget_tokens = queues_.BudgetTokens(*queue);
    const std::vector<int32_t> offsets = queue->Preview(budget_tokens);
    const std::optional<DevicePool::Slot> slot =
        pool_->Choose(*queue->model()->program,
                      {.sequence_offsets = offsets, .waiting_tokens = queues_.tokens()});
    if (!slot.has_value()) continue;  // its devices are busy; those of another model may not be
    last_progress_ = now;
    Dispatch(*slot, queues_.TakeBatch(*queue, std::min(budget_tokens, slot->token_budget), now));
    return true;
  }
  return false;
}

void Batcher::Impl::Dispatch(const DevicePool::Slot& slot, Batch batch) {
  ++batches_in_flight_;
  std::unique_ptr<BatchBuffers> buffers;
  if (free_buffers_.empty()) {
    buffers = std::make_unique<BatchBuffers>();
  } else {
    buffers = std::move(free_buffers_.back());
    free_buffers_.pop_back();
  }
  const PooledProgram& program = *batch.model->program;
  auto task = std::make_unique<BatchTask>(
      std::move(batch), std::move(buffers), clock_, observer_,
      [this](BatchTask::Outcome outcome) { OnDone(std::move(outcome)); });
  pool_->Dispatch(slot, program, std::move(task));
}

void Batcher::Impl::OnDone(BatchTask::Outcome outcome) {
  Finished finished;
  {
    const absl::MutexLock lock(&mutex_);
    free_buffers_.push_back(std::move(outcome.buffers));
    finished = Settle(outcome);
  }
  Deliver(std::move(finished));
  const absl::MutexLock lock(&mutex_);
  if (--batches_in_flight_ == 0) idle_changed_.SignalAll();
}

Finished Batcher::Impl::Settle(const BatchTask::Outcome& outcome) {
  Finished finished;
  for (const JobPiece& piece : outcome.batch.pieces) {
    JobState& state = *piece.state;
    state.status.Update(outcome.status);
    state.result.compute_time += outcome.duration;
    --state.batches_in_flight;
    // A failed job that still has sequences in its queue is answered when the queue drops it.
    if (state.batches_in_flight == 0 && state.all_dispatched()) finished.push_back(piece.state);
  }
  return finished;
}

void Batcher::Impl::Deliver(Finished finished) {
  if (finished.empty()) return;
  {
    const absl::MutexLock lock(&mutex_);
    if (!queues_.empty()) {
      completions_.push_back(std::move(finished));
      thread_changed_.Signal();
      return;
    }
  }
  Answer(std::move(finished));
}

void Batcher::Impl::Answer(Finished finished) {
  if (finished.empty()) return;
  for (const std::shared_ptr<JobState>& state : finished) {
    if (state->status.ok()) {
      state->job.done(std::move(state->result));
    } else {
      state->job.done(state->status);
    }
  }
  const absl::MutexLock lock(&mutex_);
  unanswered_ -= std::ssize(finished);
  if (unanswered_ == 0) idle_changed_.SignalAll();
}

void Batcher::Impl::Remove(std::vector<ModelQueue::Removed> removed) {
  if (removed.empty()) return;
  // Those with batches in flight are answered when these come back.
  Finished finished;
  for (ModelQueue::Removed& job : removed) {
    if (job.state->batches_in_flight == 0) finished.push_back(job.state);
    removed_.push_back(std::move(job));
  }
  completions_.push_back(std::move(finished));
  thread_changed_.Signal();
}

void Batcher::Impl::ReportRemoved(const ModelQueue::Removed& removed) {
  // The status is set and does not change any more: it may be read without the lock.
  const JobState& state = *removed.state;
  observer_.OnQueueChange(*state.job.model, -1, -removed.tokens);
  if (absl::IsCancelled(state.status)) {
    observer_.OnRejected(*state.job.model, RejectReason::kCancelled);
  } else if (absl::IsDeadlineExceeded(state.status)) {
    observer_.OnRejected(*state.job.model, RejectReason::kExpired);
  }
}

absl::Time Batcher::Impl::NextEvent(absl::Time now) const {
  if (queues_.empty()) return absl::InfiniteFuture();
  return std::min(queues_.NextEvent(now), last_progress_ + options_.max_outage);
}

void Batcher::Impl::WakeBefore(absl::Time event) {
  if (event < thread_wakes_at_) thread_changed_.Signal();
}

void Batcher::Impl::WatchTime(absl::Time now) {
  Remove(queues_.RemoveDead(now));
  PumpLocked();
  if (queues_.empty() || now < last_progress_ + options_.max_outage) return;
  last_progress_ = now;
  const std::vector<DeviceStatus> devices = pool_->Devices();
  const bool none_ready = std::ranges::none_of(
      devices, [](const DeviceStatus& device) { return device.state == DeviceState::kReady; });
  if (none_ready) {
    Remove(queues_.RemoveAll(absl::UnavailableError(
        StrCat("no device is ready; '", devices[0].caps.name, "': ", devices[0].reason))));
  }
}

void Batcher::Impl::ThreadLoop() {
  while (true) {
    Finished finished;
    std::vector<ModelQueue::Removed> removed;
    {
      const absl::MutexLock lock(&mutex_);
      WatchTime(clock_.Now());
      while (completions_.empty() && !stopping_) {
        thread_wakes_at_ = NextEvent(clock_.Now());
        clock_.Wait(thread_changed_, mutex_, thread_wakes_at_);
        thread_wakes_at_ = absl::InfinitePast();
        WatchTime(clock_.Now());
      }
      if (completions_.empty()) return;
      finished = std::move(completions_.front());
      completions_.pop_front();
      removed.swap(removed_);
    }
    for (const ModelQueue::Removed& job : removed) ReportRemoved(job);
    Answer(std::move(finished));
  }
}

Batcher::Batcher(std::unique_ptr<DevicePool> pool, const BatcherOptions& options, Clock& clock,
                 BatchObserver& observer)
    : impl_(std::make_unique<Impl>(std::move(pool), options, clock, observer)) {}
Batcher::~Batcher() = default;

absl::StatusOr<std::shared_ptr<ServedModel>> Batcher::Load(
    std::string name, int64_t version, std::shared_ptr<const LoadedModel> model) {
  return impl_->Load(std::move(name), version, std::move(model));
}
void Batcher::Submit(InferenceJob job) { impl_->Submit(std::move(job)); }
void Batcher::StopAccepting() { impl_->StopAccepting(); }
bool Batcher::WaitUntilIdle(absl::Time deadline) { return impl_->WaitUntilIdle(deadline); }
DevicePool& Batcher::pool() { return impl_->pool(); }

}  // namespace sta
