// SPDX-License-Identifier: Apache-2.0
#include "server/batching/batcher_core.h"

#include <algorithm>
#include <utility>

#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status ShuttingDown() { return absl::UnavailableError("the server is shutting down"); }

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

Admission::Decision Draining() {
  return {
      .status = absl::UnavailableError("the server is draining; send the request to another one"),
      .reason = RejectReason::kDraining};
}

}  // namespace

BatcherCore::BatcherCore(std::unique_ptr<DevicePool> pool, const BatcherOptions& options,
                         Clock& clock, BatchObserver& observer)
    : options_(Clip(options, *pool)),
      device_capacity_(CapacityOf(*pool)),
      clock_(clock),
      observer_(observer),
      queues_(options_.max_batch_tokens, options_.max_queue_delay),
      admission_(options_.admission),
      pool_(std::move(pool)) {
  pool_->SetOnRoom([this] { Pump(); });
  thread_ = std::thread([this] { ThreadLoop(); });
}

BatcherCore::~BatcherCore() {
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

absl::StatusOr<std::shared_ptr<ServedModel>> BatcherCore::Load(
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

std::optional<Outlook> BatcherCore::OutlookOf(const std::shared_ptr<const ServedModel>& model,
                                              const Newcomer& newcomer,
                                              const std::vector<int32_t>& sequence_offsets) const {
  return pool_->LookAhead(*model->program, sequence_offsets, queues_.TokensBefore(model, newcomer));
}

Admission::Decision BatcherCore::Admit(const std::shared_ptr<JobState>& state) {
  const InferenceJob& job = state->job;
  const Newcomer newcomer = {.client = job.client,
                             .priority = job.priority,
                             .deadline = job.deadline,
                             .tokens = state->TokensFrom(0)};
  const absl::MutexLock lock(&mutex_);
  if (!accepting_) return Draining();
  Admission::Decision decision =
      admission_.Decide({.model = job.model,
                         .newcomer = newcomer,
                         .outlook = OutlookOf(job.model, newcomer, state->result.sequence_offsets)},
                        queues_, state->submitted);
  if (!decision.status.ok()) return decision;
  if (!decision.victims.empty()) {
    Remove(queues_.Displace(*queues_.Find(job.model), decision.victims, Admission::Displaced()));
  }
  ++unanswered_;
  if (queues_.empty()) last_progress_ = state->submitted;
  queues_.Add(state);
  PumpLocked();
  if (queues_.empty()) return decision;
  WakeBefore(std::min({job.deadline, last_progress_ + options_.max_outage,
                       options_.max_queue_delay > absl::ZeroDuration()
                           ? state->submitted + options_.max_queue_delay
                           : absl::InfiniteFuture()}));
  return decision;
}

absl::Status BatcherCore::CheckEarly(const EarlyRequest& request) {
  const Newcomer newcomer = {.client = request.client,
                             .priority = request.priority,
                             .deadline = request.deadline,
                             .tokens = request.least_tokens};
  const std::vector<int32_t> offsets = {
      0, static_cast<int32_t>(std::clamp<int64_t>(request.least_tokens, 1, INT32_MAX))};
  Admission::Decision decision;
  {
    const absl::MutexLock lock(&mutex_);
    decision = accepting_ ? admission_.DecideEarly(
                                {.model = request.model,
                                 .newcomer = newcomer,
                                 .outlook = OutlookOf(request.model, newcomer, offsets)},
                                request.about_tokens, queues_, clock_.Now())
                          : Draining();
  }
  if (!decision.status.ok()) observer_.OnRejected(*request.model, decision.reason);
  return decision.status;
}

void BatcherCore::Submit(InferenceJob job) {
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
  if (Admission::Decision decision = Admit(state); !decision.status.ok()) {
    observer_.OnQueueChange(*model, -1, -tokens);
    observer_.OnRejected(*model, decision.reason);
    state->job.done(std::move(decision.status));
  }
}

void BatcherCore::StopAccepting() {
  const absl::MutexLock lock(&mutex_);
  accepting_ = false;
}

bool BatcherCore::WaitUntilIdle(absl::Time deadline) {
  const absl::MutexLock lock(&mutex_);
  while (unanswered_ > 0 && clock_.Now() < deadline) {
    clock_.Wait(idle_changed_, mutex_, deadline);
  }
  return unanswered_ == 0;
}

}  // namespace sta
