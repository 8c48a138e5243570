// SPDX-License-Identifier: Apache-2.0
#include "server/batching/batcher.h"

#include <algorithm>
#include <deque>
#include <list>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/batching/batch_runner.h"
#include "server/batching/model_queue.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using Finished = std::vector<std::shared_ptr<JobState>>;

bool MayRunElsewhere(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsInternal(status);
}

// What a worker found to do.
struct Work {
  std::vector<ModelQueue::Removed> dead;
  Finished to_answer;  // those of `dead` that have no batch in flight
  std::optional<Batch> batch;
};

}  // namespace

class Batcher::Impl {
 public:
  Impl(std::vector<std::unique_ptr<Device>> devices, const BatcherOptions& options, Clock& clock,
       BatchObserver& observer);
  ~Impl();

  absl::StatusOr<std::shared_ptr<const ServedModel>> Load(std::string name, int64_t version,
                                                          std::shared_ptr<const LoadedModel> model);
  void Submit(InferenceJob job);
  void StopAccepting();
  bool WaitUntilIdle(absl::Time deadline);
  std::vector<DeviceCaps> DeviceList() const;

 private:
  void WorkerLoop(size_t device_index);
  void CompletionLoop();

  // What the worker of a device should do next; nothing where it should end.
  std::optional<Work> NextWork(size_t device_index);
  std::optional<Batch> TakeRetry(size_t device_index) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<Batch> TakeFromQueues(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // When the next queue becomes ready; now or earlier where one is.
  absl::Time NextReady() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RemoveDead(absl::Time now, Work& work) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void RunBatch(BatchRunner& runner, size_t device_index, Batch batch);
  // Books a batch that is over and returns the jobs that are finished with it.
  Finished Settle(const Batch& batch, const absl::Status& status, absl::Duration duration)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Answers from this thread, or from the completion thread where the device has more to do.
  void Deliver(Finished finished);
  void Answer(Finished finished);
  absl::Status CheckAdmission(const JobState& state, RejectReason& reason) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Admit(const std::shared_ptr<JobState>& state, RejectReason& reason);
  ModelQueue& QueueOf(const std::shared_ptr<const ServedModel>& model)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReportRemoved(const ModelQueue::Removed& removed);

  const BatcherOptions options_;
  Clock& clock_;
  BatchObserver& observer_;
  std::vector<std::unique_ptr<DeviceSlot>> slots_;

  absl::Mutex mutex_;
  absl::CondVar work_changed_;
  absl::CondVar idle_changed_;
  absl::CondVar completions_changed_;
  std::list<ModelQueue> queues_ ABSL_GUARDED_BY(mutex_);  // none empty; the front is next
  std::deque<Batch> retries_ ABSL_GUARDED_BY(mutex_);
  std::deque<Finished> completions_ ABSL_GUARDED_BY(mutex_);
  int64_t unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  bool accepting_ ABSL_GUARDED_BY(mutex_) = true;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> threads_;
};

Batcher::Impl::Impl(std::vector<std::unique_ptr<Device>> devices, const BatcherOptions& options,
                    Clock& clock, BatchObserver& observer)
    : options_([&] {
        BatcherOptions clipped = options;
        for (const auto& device : devices) {
          clipped.max_batch_tokens = std::min(clipped.max_batch_tokens, device->caps().max_tokens);
        }
        return clipped;
      }()),
      clock_(clock),
      observer_(observer) {
  for (auto& device : devices) {
    slots_.push_back(std::make_unique<DeviceSlot>());
    slots_.back()->device = std::move(device);
  }
  for (size_t i = 0; i < slots_.size(); ++i) threads_.emplace_back([this, i] { WorkerLoop(i); });
  threads_.emplace_back([this] { CompletionLoop(); });
}

Batcher::Impl::~Impl() {
  Finished orphans;
  {
    const absl::MutexLock lock(&mutex_);
    accepting_ = false;
    stopping_ = true;
    const auto abandon = [](const std::shared_ptr<JobState>& state) {
      state->status.Update(absl::UnavailableError("the server is shutting down"));
    };
    for (ModelQueue& queue : queues_) {
      Batch all;
      while (!queue.empty()) {
        all = queue.TakeBatch(INT64_MAX, absl::InfinitePast());
        for (const JobPiece& piece : all.pieces) {
          abandon(piece.state);
          if (--piece.state->batches_in_flight == 0) orphans.push_back(piece.state);
        }
      }
    }
    queues_.clear();
    for (const Batch& batch : retries_) {
      for (std::shared_ptr<JobState>& state :
           Settle(batch, absl::UnavailableError("the server is shutting down"),
                  absl::ZeroDuration())) {
        orphans.push_back(std::move(state));
      }
    }
    retries_.clear();
    work_changed_.SignalAll();
    completions_changed_.SignalAll();
  }
  Answer(std::move(orphans));
  for (std::thread& thread : threads_) thread.join();
}

absl::StatusOr<std::shared_ptr<const ServedModel>> Batcher::Impl::Load(
    std::string name, int64_t version, std::shared_ptr<const LoadedModel> model) {
  auto served = std::make_shared<ServedModel>();
  served->name = std::move(name);
  served->version = version;
  served->model = std::move(model);
  for (const auto& slot : slots_) {
    const absl::MutexLock lock(&slot->mutex);
    absl::StatusOr<std::unique_ptr<LoadedProgram>> program =
        slot->device->Load(served->model->program());
    if (!program.ok()) {
      return absl::Status(program.status().code(),
                          AbslView(StrCat("device '", slot->device->caps().name,
                                          "': ", program.status().message())));
    }
    served->programs.push_back(*std::move(program));
  }
  return served;
}

ModelQueue& Batcher::Impl::QueueOf(const std::shared_ptr<const ServedModel>& model) {
  const auto found = std::ranges::find(queues_, model, &ModelQueue::model);
  return found != queues_.end() ? *found : queues_.emplace_back(model);
}

absl::Status Batcher::Impl::CheckAdmission(const JobState& state, RejectReason& reason) const {
  if (!accepting_) {
    reason = RejectReason::kDraining;
    return absl::UnavailableError("the server is draining; send the request to another one");
  }
  reason = RejectReason::kQueueFull;
  const int64_t tokens = state.TokensFrom(0);
  const auto found = std::ranges::find(queues_, state.job.model, &ModelQueue::model);
  const int64_t queued_tokens = found != queues_.end() ? found->tokens() : 0;
  const int64_t queued_requests = found != queues_.end() ? found->requests() : 0;
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
  QueueOf(state->job.model).Add(state);
  return absl::OkStatus();
}

void Batcher::Impl::Submit(InferenceJob job) {
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
    return;
  }
  work_changed_.Signal();
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

std::vector<DeviceCaps> Batcher::Impl::DeviceList() const {
  std::vector<DeviceCaps> list;
  for (const auto& slot : slots_) list.push_back(slot->device->caps());
  return list;
}

void Batcher::Impl::RemoveDead(absl::Time now, Work& work) {
  for (auto queue = queues_.begin(); queue != queues_.end();) {
    for (ModelQueue::Removed& removed : queue->RemoveDead(now)) {
      if (removed.state->batches_in_flight == 0) work.to_answer.push_back(removed.state);
      work.dead.push_back(std::move(removed));
    }
    queue = queue->empty() ? queues_.erase(queue) : std::next(queue);
  }
}

std::optional<Batch> Batcher::Impl::TakeRetry(size_t device_index) {
  const auto found = std::ranges::find_if(
      retries_, [&](const Batch& batch) { return batch.failed_on != device_index; });
  if (found == retries_.end()) return std::nullopt;
  Batch batch = std::move(*found);
  retries_.erase(found);
  return batch;
}

// Deficit round robin: each turn adds a batch's worth of tokens to a queue's credit, and what it
// takes is subtracted; the queue then goes to the back.
std::optional<Batch> Batcher::Impl::TakeFromQueues(absl::Time now) {
  for (size_t turn = 0; turn < 2 * queues_.size() + 1; ++turn) {
    const auto ready = std::ranges::find_if(queues_, [&](const ModelQueue& queue) {
      return queue.ReadyAt(options_.max_batch_tokens, options_.max_queue_delay) <= now;
    });
    if (ready == queues_.end()) return std::nullopt;
    queues_.splice(queues_.end(), queues_, ready);
    ModelQueue& queue = queues_.back();
    queue.deficit_tokens =
        std::min(queue.deficit_tokens + options_.max_batch_tokens, 2 * options_.max_batch_tokens);
    if (queue.deficit_tokens <= 0) continue;  // still paying for a sequence beyond the budget
    Batch batch = queue.TakeBatch(std::min(queue.deficit_tokens, options_.max_batch_tokens), now);
    queue.deficit_tokens -= batch.tokens;
    if (queue.empty()) queues_.pop_back();
    return batch;
  }
  return std::nullopt;
}

absl::Time Batcher::Impl::NextReady() const {
  absl::Time next = absl::InfiniteFuture();
  for (const ModelQueue& queue : queues_) {
    next = std::min(next, queue.ReadyAt(options_.max_batch_tokens, options_.max_queue_delay));
  }
  return next;
}

std::optional<Work> Batcher::Impl::NextWork(size_t device_index) {
  const absl::MutexLock lock(&mutex_);
  while (true) {
    if (stopping_) return std::nullopt;
    const absl::Time now = clock_.Now();
    Work work;
    RemoveDead(now, work);
    work.batch = TakeRetry(device_index);
    if (!work.batch.has_value()) work.batch = TakeFromQueues(now);
    if (work.batch.has_value() || !work.dead.empty()) return work;
    clock_.Wait(work_changed_, mutex_, NextReady());
  }
}

void Batcher::Impl::WorkerLoop(size_t device_index) {
  BatchRunner runner(*slots_[device_index], device_index);
  while (std::optional<Work> work = NextWork(device_index)) {
    for (const ModelQueue::Removed& removed : work->dead) ReportRemoved(removed);
    Answer(std::move(work->to_answer));
    if (work->batch.has_value()) RunBatch(runner, device_index, *std::move(work->batch));
  }
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

void Batcher::Impl::RunBatch(BatchRunner& runner, size_t device_index, Batch batch) {
  if (batch.failed_on == Batch::kNoDevice) {  // else it left the queue in its first run
    const int64_t requests = std::ranges::count_if(batch.pieces, [](const JobPiece& piece) {
      return piece.last == piece.state->job.sequences.size();
    });
    observer_.OnQueueChange(*batch.model, -requests, -batch.tokens);
  }
  const absl::Time start = clock_.Now();
  const absl::Status status = runner.Run(batch);
  const absl::Duration duration = clock_.Now() - start;
  observer_.OnBatch(*batch.model, slots_[device_index]->device->caps().name,
                    {.tokens = batch.tokens,
                     .sequences = batch.sequences,
                     .duration = duration,
                     .status = status});
  Finished finished;
  {
    const absl::MutexLock lock(&mutex_);
    const bool is_first_failure = batch.failed_on == Batch::kNoDevice;
    if (MayRunElsewhere(status) && is_first_failure && slots_.size() > 1 && !stopping_) {
      batch.failed_on = device_index;
      retries_.push_back(std::move(batch));
      work_changed_.SignalAll();
      return;
    }
    finished = Settle(batch, status, duration);
  }
  Deliver(std::move(finished));
}

Finished Batcher::Impl::Settle(const Batch& batch, const absl::Status& status,
                               absl::Duration duration) {
  Finished finished;
  for (const JobPiece& piece : batch.pieces) {
    JobState& state = *piece.state;
    state.status.Update(status);
    state.result.compute_time += duration;
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
    const bool has_more_work = !queues_.empty() || !retries_.empty();
    if (has_more_work && !stopping_) {
      completions_.push_back(std::move(finished));
      completions_changed_.Signal();
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

void Batcher::Impl::CompletionLoop() {
  while (true) {
    Finished finished;
    {
      const absl::MutexLock lock(&mutex_);
      while (completions_.empty() && !stopping_) completions_changed_.Wait(&mutex_);
      if (completions_.empty()) return;
      finished = std::move(completions_.front());
      completions_.pop_front();
    }
    Answer(std::move(finished));
  }
}

Batcher::Batcher(std::vector<std::unique_ptr<Device>> devices, const BatcherOptions& options,
                 Clock& clock, BatchObserver& observer)
    : impl_(std::make_unique<Impl>(std::move(devices), options, clock, observer)) {}
Batcher::~Batcher() = default;

absl::StatusOr<std::shared_ptr<const ServedModel>> Batcher::Load(
    std::string name, int64_t version, std::shared_ptr<const LoadedModel> model) {
  return impl_->Load(std::move(name), version, std::move(model));
}
void Batcher::Submit(InferenceJob job) { impl_->Submit(std::move(job)); }
void Batcher::StopAccepting() { impl_->StopAccepting(); }
bool Batcher::WaitUntilIdle(absl::Time deadline) { return impl_->WaitUntilIdle(deadline); }
std::vector<DeviceCaps> Batcher::DeviceList() const { return impl_->DeviceList(); }

}  // namespace sta
