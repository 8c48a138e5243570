// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "server/batching/batcher_core.h"

namespace sta {

void BatcherCore::Pump() {
  const absl::MutexLock lock(&mutex_);
  PumpLocked();
}

void BatcherCore::PumpLocked() {
  if (queues_.empty() || batches_in_flight_ >= device_capacity_) return;
  const absl::Time now = clock_.Now();
  Remove(queues_.RemoveDead(now));
  Remove(queues_.RemoveOlder(admission_.OldestAllowed(now), Admission::WaitedTooLong()));
  while (batches_in_flight_ < device_capacity_ && DispatchOne(now)) {
  }
}

bool BatcherCore::DispatchOne(absl::Time now) {
  for (ModelQueue* queue : queues_.Eligible(now)) {
    const int64_t budget_tokens = queues_.BudgetTokens(*queue);
    const std::vector<int32_t> offsets = queue->Preview(budget_tokens);
    const std::optional<DevicePool::Slot> slot =
        pool_->Choose(*queue->model()->program,
                      {.sequence_offsets = offsets, .waiting_tokens = queues_.tokens()});
    if (!slot.has_value()) continue;  // its devices are busy; those of another model may not be
    last_progress_ = now;
    const BatchLimits limits = {
        .budget_tokens = std::min(budget_tokens, slot->token_budget),
        .now = now,
        .begin = now + slot->begin,
        .per_token = slot->estimate / static_cast<double>(slot->token_budget)};
    std::vector<RemovedJob> hopeless;
    Batch batch = queues_.TakeBatch(*queue, limits, hopeless);
    Remove(std::move(hopeless));
    if (batch.sequences > 0) Dispatch(*slot, std::move(batch));
    return true;
  }
  return false;
}

void BatcherCore::Dispatch(const DevicePool::Slot& slot, Batch batch) {
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

void BatcherCore::OnDone(BatchTask::Outcome outcome) {
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

Finished BatcherCore::Settle(const BatchTask::Outcome& outcome) {
  Finished finished;
  admission_.OnOver(outcome.batch.tokens, clock_.Now());
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

}  // namespace sta
