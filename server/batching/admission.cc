// SPDX-License-Identifier: Apache-2.0
#include "server/batching/admission.h"

#include <algorithm>
#include <utility>

#include "server/batching/batch_builder.h"
#include "server/batching/retry_after.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// Of the newest request in the mean.
constexpr double kWeightOfNewest = 1.0 / 64;
// Where no device is ready, or nothing tells how soon there is room.
constexpr absl::Duration kRetryAfterUnknown = absl::Seconds(1);
// An overload is not over before the next window is.
constexpr absl::Duration kRetryAfterOverload = LoadMeter::kWindow;

Admission::Decision Refuse(RejectReason reason, absl::Status status,
                           std::optional<absl::Duration> retry_after) {
  if (retry_after.has_value()) SetRetryAfter(*retry_after, status);
  return {.status = std::move(status), .reason = reason, .victims = {}};
}

Admission::Decision RefuseRate(absl::Duration wait) {
  return Refuse(RejectReason::kRateLimited,
                absl::ResourceExhaustedError(
                    StrCat("you ask for more than you may; try again in ",
                           absl::FormatDuration(absl::Ceil(wait, absl::Milliseconds(1))))),
                wait);
}

// Until the devices have worked off so many tokens more, by how long all that is before the
// candidate takes them.
absl::Duration TimeFor(int64_t tokens, int64_t tokens_before,
                       const std::optional<Outlook>& outlook) {
  if (!outlook.has_value() || tokens_before <= 0 || outlook->begin <= absl::ZeroDuration()) {
    return kRetryAfterUnknown;
  }
  return static_cast<double>(tokens) / static_cast<double>(tokens_before) * outlook->begin;
}

int64_t Tokens(const ModelQueue* queue) { return queue != nullptr ? queue->tokens() : 0; }
int64_t Requests(const ModelQueue* queue) { return queue != nullptr ? queue->requests() : 0; }

}  // namespace

absl::Duration Admission::LongestWait() const {
  return std::max(options_.overload_wait, kLeastRequests * mean_run_);
}

absl::Time Admission::OldestAllowed(absl::Time now) {
  if (options_.overload_wait <= absl::ZeroDuration() || !meter_.IsOverloaded(now)) {
    return absl::InfinitePast();
  }
  // Estimates may be wrong by as much; this is for what came before the overload was known.
  return now - 2 * LongestWait();
}

absl::Status Admission::WaitedTooLong() {
  absl::Status status =
      absl::ResourceExhaustedError("the server is overloaded, and others came later and still fit");
  SetRetryAfter(kRetryAfterOverload, status);
  return status;
}

absl::Status Admission::Displaced() {
  absl::Status status = absl::ResourceExhaustedError(
      "the queue is full, and the place went to a more urgent request or to a client that has less "
      "waiting; try again later");
  SetRetryAfter(kRetryAfterOverload, status);
  return status;
}

Admission::Decision Admission::CheckRoom(const Candidate& candidate, const QueueSet& queues) const {
  const ModelQueue* queue = queues.Find(candidate.model);
  const int64_t tokens = candidate.newcomer.tokens;
  const ModelQueue::Excess own = {.tokens = Tokens(queue) + tokens - options_.max_queue_tokens,
                                  .requests = Requests(queue) + 1 - options_.max_queue_requests};
  const ModelQueue::Excess all = {
      .tokens = queues.tokens() + tokens - options_.max_total_queue_tokens,
      .requests = queues.requests() + 1 - options_.max_total_queue_requests};
  if (!own.any() && !all.any()) return {};
  const ModelQueue::Excess excess = {.tokens = std::max(own.tokens, all.tokens),
                                     .requests = std::max(own.requests, all.requests)};
  if (queue != nullptr) {
    if (auto victims = queue->FindVictims(candidate.newcomer, excess)) {
      return {.victims = *std::move(victims)};
    }
  }
  const absl::Duration wait =
      TimeFor(std::max<int64_t>(excess.tokens, 1), queues.tokens(), candidate.outlook);
  if (!own.any()) {
    return Refuse(
        RejectReason::kServerFull,
        absl::ResourceExhaustedError(StrCat(queues.requests(), " requests with ", queues.tokens(),
                                            " tokens are queued for all models; the limits are ",
                                            options_.max_total_queue_requests, " and ",
                                            options_.max_total_queue_tokens, "; try again later")),
        wait);
  }
  if (own.tokens > 0) {
    return Refuse(RejectReason::kQueueFull,
                  absl::ResourceExhaustedError(
                      StrCat("the request has ", tokens, " tokens and ", Tokens(queue),
                             " of at most ", options_.max_queue_tokens, " are queued for model '",
                             candidate.model->name, "'; send less at once or try again later")),
                  tokens <= options_.max_queue_tokens ? std::optional(wait) : std::nullopt);
  }
  return Refuse(RejectReason::kQueueFull,
                absl::ResourceExhaustedError(
                    StrCat(Requests(queue), " requests are queued for model '",
                           candidate.model->name, "', which is the limit; try again later")),
                wait);
}

Admission::Decision Admission::Check(const Candidate& candidate, const QueueSet& queues,
                                     absl::Time now) {
  const absl::Time deadline = candidate.newcomer.deadline;
  if (deadline <= now) {
    return Refuse(RejectReason::kExpired,
                  absl::DeadlineExceededError("the deadline had passed when the request was read"),
                  std::nullopt);
  }
  const std::optional<Outlook>& outlook = candidate.outlook;
  if (outlook.has_value()) {
    if (deadline != absl::InfiniteFuture() && now + kSurePart * outlook->end > deadline) {
      return Refuse(RejectReason::kTooLate,
                    absl::DeadlineExceededError(
                        StrCat("the answer would take about ", absl::FormatDuration(outlook->end),
                               ", and the deadline is in ", absl::FormatDuration(deadline - now))),
                    std::nullopt);
    }
    if (options_.overload_wait > absl::ZeroDuration() && outlook->begin > LongestWait() &&
        meter_.IsOverloaded(now)) {
      return Refuse(RejectReason::kOverloaded,
                    absl::ResourceExhaustedError(
                        StrCat("the server is overloaded and the request would wait for about ",
                               absl::FormatDuration(outlook->begin), "; try again later")),
                    std::max(kRetryAfterOverload, outlook->begin - LongestWait()));
    }
  }
  return CheckRoom(candidate, queues);
}

Admission::Decision Admission::Decide(const Candidate& candidate, const QueueSet& queues,
                                      absl::Time now) {
  const Newcomer& newcomer = candidate.newcomer;
  if (const auto wait = rates_.Take(newcomer.client, newcomer.tokens, now)) {
    return RefuseRate(*wait);
  }
  Decision decision = Check(candidate, queues, now);
  if (!absl::IsDeadlineExceeded(decision.status)) meter_.OnAsked(newcomer.tokens, now);
  if (decision.status.ok() && candidate.outlook.has_value()) {
    const absl::Duration run = candidate.outlook->end - candidate.outlook->begin;
    const bool is_first = mean_run_ == absl::ZeroDuration();
    mean_run_ += (is_first ? 1 : kWeightOfNewest) * (run - mean_run_);
  }
  return decision;
}

Admission::Decision Admission::DecideEarly(const Candidate& candidate, int64_t asked_tokens,
                                           const QueueSet& queues, absl::Time now) {
  if (const auto wait = rates_.WaitOf(candidate.newcomer.client, now)) return RefuseRate(*wait);
  Decision decision = Check(candidate, queues, now);
  decision.victims.clear();
  if (!decision.status.ok() && !absl::IsDeadlineExceeded(decision.status)) {
    meter_.OnAsked(asked_tokens, now);
  }
  return decision;
}

}  // namespace sta
