// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/run_queue.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "accel/program/card/kernel_registers.h"

namespace sta {
namespace {

// How long a card may take to let go of a run.
constexpr absl::Duration kAbortLimit = absl::Seconds(1);

}  // namespace

void RunQueue::Push(std::shared_ptr<KernelRun> run) {
  if (!failure_.ok()) {
    run->is_over = true;
    run->status = failure_;
    return;
  }
  waiting_.push_back(std::move(run));
  Poll();
}

void RunQueue::Poll() {
  if (running_ != nullptr) {
    const RunState state = card_->State();
    if (state == RunState::kRunning) return;
    End(state);
  }
  StartNext();
}

void RunQueue::WaitFor(const KernelRun& run, absl::Time until) {
  for (Poll(); !run.is_over && absl::Now() < until; Poll()) WaitOnce(until);
}

void RunQueue::WaitUntilIdle() {
  for (Poll(); running_ != nullptr; Poll()) WaitOnce(absl::InfiniteFuture());
}

void RunQueue::Drop(KernelRun& run) {
  const auto is_run = [&](const auto& waiting) { return waiting.get() == &run; };
  if (std::erase_if(waiting_, is_run) > 0) run.is_over = true;
}

void RunQueue::StartNext() {
  if (waiting_.empty() || running_ != nullptr) return;
  running_ = std::move(waiting_.front());
  waiting_.pop_front();
  started_ = absl::Now();
  if (absl::Status status = card_->Start(running_->arguments); !status.ok()) FailForGood(status);
}

void RunQueue::End(RunState state) {
  if (state == RunState::kAborted) return Fail(absl::UnavailableError("the card aborted a run"));
  if (state != RunState::kCompleted) {
    return Fail(absl::UnavailableError("the card reports that a run failed"));
  }
  if (absl::Status status = ReadRegisters(*running_); !status.ok()) return FailForGood(status);
  running_->is_over = true;
  running_->image.reset();
  running_.reset();
}

absl::Status RunQueue::ReadRegisters(KernelRun& run) {
  const std::pair<uint32_t, uint32_t&> registers[] = {
      {card::kErrorRegister, run.error},
      {card::kProgramChecksumRegister, run.program_checksum},
      {card::kInputChecksumRegister, run.input_checksum},
      {card::kOutputChecksumRegister, run.output_checksum}};
  for (const auto& [offset, value] : registers) {
    const absl::StatusOr<uint32_t> read = card_->ReadRegister(offset);
    if (!read.ok()) return read.status();
    value = *read;
  }
  return absl::OkStatus();
}

void RunQueue::WaitOnce(absl::Time until) {
  const absl::Time hangs = started_ + running_->limit;
  const absl::Time now = absl::Now();
  if (now >= hangs) return AbortHanging();
  const absl::StatusOr<RunState> state = card_->Wait(std::min(until, hangs) - now);
  if (!state.ok()) FailForGood(state.status());
}

void RunQueue::AbortHanging() {
  const RunState state = card_->Abort(kAbortLimit);
  if (state == RunState::kCompleted) return;  // at the last moment
  const std::string what =
      absl::StrCat("a run hung: it took longer than ", absl::FormatDuration(running_->limit));
  if (state != RunState::kRunning) return Fail(absl::UnavailableError(what));
  FailForGood(absl::UnavailableError(absl::StrCat(what, " and could not be aborted")));
}

void RunQueue::FailForGood(const absl::Status& failure) {
  is_answering_ = false;
  Fail(failure);
}

void RunQueue::Fail(const absl::Status& failure) {
  failure_ = failure;
  if (running_ != nullptr) waiting_.push_front(std::exchange(running_, nullptr));
  for (const std::shared_ptr<KernelRun>& run : waiting_) {
    run->is_over = true;
    run->status = failure;
  }
  waiting_.clear();
}

}  // namespace sta
