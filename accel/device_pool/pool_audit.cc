// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>
#include <utility>

#include "accel/device_pool/pool_core.h"
#include "strings/str_cat.h"

namespace sta {

bool PoolCore::ShouldAudit(size_t device) {
  if (options_.audit_fraction <= 0 || workers_[device]->is_believed()) return false;
  const absl::MutexLock lock(&mutex_);
  return std::bernoulli_distribution(std::min(1.0, options_.audit_fraction))(random_);
}

void PoolCore::BeginAudit(size_t device, std::unique_ptr<PoolJob> job) {
  const std::span<const int16_t> rows = job->work->output;
  job->votes.push_back({.device = device, .rows = {rows.begin(), rows.end()}});
  job->next_vote.resize(rows.size());
  AskAnother(std::move(job));
}

void PoolCore::ContinueAudit(size_t device, std::unique_ptr<PoolJob> job) {
  job->votes.push_back({.device = device,
                        .is_believed = workers_[device]->is_believed(),
                        .rows = std::exchange(job->next_vote, {})});
  if (const std::optional<size_t> right = DecideAudit(job->votes)) {
    EndAudit(std::move(job), *right);
    return;
  }
  job->next_vote.resize(job->work->output.size());
  AskAnother(std::move(job));
}

void PoolCore::AskAnother(std::unique_ptr<PoolJob> job) {
  if (Reassign(job).has_value()) return;
  for (const AuditVote& vote : job->votes) {
    observer_.OnAudit(NameOf(vote.device), AuditVerdict::kUndecided);
  }
  if (job->votes.size() == 1) {
    // With 1 the operator wants no answer that nobody has confirmed.
    job->task->Done(options_.audit_fraction < 1
                        ? absl::OkStatus()
                        : absl::UnavailableError("no other device is ready to confirm the batch"));
    return;
  }
  for (const AuditVote& vote : job->votes) {
    Fail(vote.device, absl::DataLossError("computed a batch otherwise than another device, and no "
                                          "third one was ready to decide"));
  }
  job->task->Done(absl::UnavailableError("devices computed different rows for the batch"));
}

void PoolCore::EndAudit(std::unique_ptr<PoolJob> job, size_t right) {
  const std::vector<int16_t>& rows = job->votes[right].rows;
  std::ranges::copy(rows, job->work->output.begin());
  for (const AuditVote& vote : job->votes) {
    const bool matched = vote.rows == rows;
    if (vote.is_believed) continue;
    {
      const absl::MutexLock lock(&mutex_);
      workers_[vote.device]->CountAudit(matched);
    }
    observer_.OnAudit(NameOf(vote.device),
                      matched ? AuditVerdict::kMatched : AuditVerdict::kMismatched);
    if (!matched) {
      Fail(vote.device, absl::DataLossError(StrCat("computed a batch of ", job->token_count(),
                                                   " tokens otherwise than '",
                                                   NameOf(job->votes[right].device), "'")));
    }
  }
  job->task->Done(absl::OkStatus());
}

}  // namespace sta
