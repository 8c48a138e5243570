// SPDX-License-Identifier: Apache-2.0
//
// RejectReason: why a request was answered without being computed, and the name that it has in
// sta_rejected_total.
#ifndef SERVER_BATCHING_REJECT_REASON_H_
#define SERVER_BATCHING_REJECT_REASON_H_

#include <array>
#include <string_view>

namespace sta {

enum class RejectReason {
  kQueueFull,    // the model's queue
  kServerFull,   // all queues together
  kMemoryFull,   // what requests and replies may take
  kWorkersFull,  // too many long texts are being tokenized
  kOverloaded,   // more comes than is worked off, and it would have waited too long
  kDisplaced,    // had a place, and gave it to a more urgent one or to a client that has less
  kRateLimited,  // its client asks for more than it may
  kTooLate,      // could not have been done by its deadline
  kExpired,      // its deadline passed while it waited
  kCancelled,
  kDraining
};

struct RejectReasonName {
  RejectReason reason;
  std::string_view name;
};

inline constexpr std::array kRejectReasons = {
    RejectReasonName{RejectReason::kQueueFull, "queue_full"},
    RejectReasonName{RejectReason::kServerFull, "server_full"},
    RejectReasonName{RejectReason::kMemoryFull, "memory_full"},
    RejectReasonName{RejectReason::kWorkersFull, "workers_full"},
    RejectReasonName{RejectReason::kOverloaded, "overloaded"},
    RejectReasonName{RejectReason::kDisplaced, "displaced"},
    RejectReasonName{RejectReason::kRateLimited, "rate_limited"},
    RejectReasonName{RejectReason::kTooLate, "too_late"},
    RejectReasonName{RejectReason::kExpired, "expired"},
    RejectReasonName{RejectReason::kCancelled, "cancelled"},
    RejectReasonName{RejectReason::kDraining, "draining"},
};

}  // namespace sta

#endif  // SERVER_BATCHING_REJECT_REASON_H_
