// SPDX-License-Identifier: Apache-2.0
#include "server/services/diagnostic_runner.h"

#include "strings/str_cat.h"

namespace sta {
namespace {

bool IsCancelled(const DiagnosticJob& job) {
  return job.cancelled != nullptr && job.cancelled->load();
}

absl::Status ClientHasGone() { return absl::CancelledError("the client has gone"); }

}  // namespace

DiagnosticRunner::~DiagnosticRunner() {
  std::thread thread;
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.SignalAll();
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
}

absl::Status DiagnosticRunner::Admit(const DiagnosticJob& job, absl::Time now,
                                     RejectReason& reason) const {
  if (!accepting_.load()) {
    reason = RejectReason::kDraining;
    return absl::UnavailableError("the server is draining; send the request to another one");
  }
  if (IsCancelled(job)) {
    reason = RejectReason::kCancelled;
    return ClientHasGone();
  }
  const absl::Duration delay = job.model->diagnostic->delay();
  if (now + delay <= job.deadline) return absl::OkStatus();
  reason = RejectReason::kExpired;
  return absl::DeadlineExceededError(StrCat(
      "the deadline is before the end of this model's delay of ", absl::FormatDuration(delay)));
}

bool DiagnosticRunner::Enqueue(DiagnosticJob& job, absl::Time due) {
  const absl::MutexLock lock(&mutex_);
  if (std::ssize(waiting_) >= options_.max_waiting_requests || stopping_) return false;
  unanswered_.fetch_add(1);
  const auto place = waiting_.emplace(due, std::move(job));
  if (!thread_.joinable()) thread_ = std::thread([this] { Loop(); });
  if (place == waiting_.begin()) changed_.Signal();
  return true;
}

void DiagnosticRunner::Submit(DiagnosticJob job) {
  const absl::Time now = clock_.Now();
  RejectReason reason = RejectReason::kQueueFull;
  absl::Status status = Admit(job, now, reason);
  const absl::Duration delay = job.model->diagnostic->delay();
  if (status.ok() && delay == absl::ZeroDuration()) return job.done(status);
  if (status.ok()) {
    // Before the job can be taken: the gauge never shows less than nothing.
    const std::shared_ptr<const ServedModel> model = job.model;
    observer_.OnQueueChange(*model, 1, 0);
    if (Enqueue(job, now + delay)) return;
    observer_.OnQueueChange(*model, -1, 0);
    status = absl::ResourceExhaustedError(StrCat(options_.max_waiting_requests,
                                                 " requests wait for the end of their delay, "
                                                 "which is the limit; try again later"));
  }
  observer_.OnRejected(*job.model, reason);
  job.done(status);
}

void DiagnosticRunner::OnCancelled() {
  if (unanswered_.load() == 0) return;
  const absl::MutexLock lock(&mutex_);
  look_for_cancelled_ = true;
  changed_.Signal();
}

bool DiagnosticRunner::WaitUntilIdle(absl::Time deadline) {
  const absl::MutexLock lock(&mutex_);
  while (unanswered_.load() > 0 && clock_.Now() < deadline) clock_.Wait(idle_, mutex_, deadline);
  return unanswered_.load() == 0;
}

DiagnosticRunner::Answers DiagnosticRunner::TakeAnswers(absl::Time now) {
  Answers answers;
  if (look_for_cancelled_) {
    look_for_cancelled_ = false;
    for (auto job = waiting_.begin(); job != waiting_.end();) {
      if (!IsCancelled(job->second)) {
        ++job;
        continue;
      }
      answers.emplace_back(std::move(job->second), ClientHasGone());
      job = waiting_.erase(job);
    }
  }
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    DiagnosticJob& job = waiting_.begin()->second;
    absl::Status status;
    if (IsCancelled(job)) {
      status = ClientHasGone();
    } else if (now > job.deadline) {
      status = absl::DeadlineExceededError("the deadline has passed");
    }
    answers.emplace_back(std::move(job), std::move(status));
    waiting_.erase(waiting_.begin());
  }
  return answers;
}

void DiagnosticRunner::Answer(Answers answers) {
  for (auto& [job, status] : answers) {
    observer_.OnQueueChange(*job.model, -1, 0);
    if (absl::IsCancelled(status)) {
      observer_.OnRejected(*job.model, RejectReason::kCancelled);
    } else if (absl::IsDeadlineExceeded(status)) {
      observer_.OnRejected(*job.model, RejectReason::kExpired);
    }
    job.done(status);
  }
  const absl::MutexLock lock(&mutex_);
  if (unanswered_.fetch_sub(std::ssize(answers)) == std::ssize(answers)) idle_.SignalAll();
}

void DiagnosticRunner::Loop() {
  while (true) {
    Answers answers;
    bool is_last = false;
    {
      const absl::MutexLock lock(&mutex_);
      while (!stopping_ && (answers = TakeAnswers(clock_.Now())).empty()) {
        clock_.Wait(changed_, mutex_,
                    waiting_.empty() ? absl::InfiniteFuture() : waiting_.begin()->first);
      }
      is_last = stopping_;
      if (is_last) {
        for (auto& [due, job] : waiting_) {
          answers.emplace_back(std::move(job),
                               absl::UnavailableError("the server is shutting down"));
        }
        waiting_.clear();
      }
    }
    Answer(std::move(answers));
    if (is_last) return;
  }
}

}  // namespace sta
