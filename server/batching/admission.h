// SPDX-License-Identifier: Apache-2.0
//
// Admission: whether a job gets a place in a queue. Internal to the batcher; not thread-safe: a
// function of what it was told, the queues and the time.
//
//   Admission::Decision decision = admission.Decide({.model = model, ...}, queues, now);
//   if (!decision.status.ok()) refuse(decision.reason, decision.status);
//   else displace(decision.victims), then queue it
//
// Refused, in this order, are: clients beyond their rate; what cannot be done by its deadline by
// the devices' estimates; in an overload (load_meter.h), what would wait too long; and what the
// bounds have no room for, unless others have to give up theirs (ModelQueue::FindVictims). All but
// what is too late say when to try again, by how fast the devices work off what waits.
#ifndef SERVER_BATCHING_ADMISSION_H_
#define SERVER_BATCHING_ADMISSION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "accel/device_pool/device_pool.h"
#include "server/batching/client_rates.h"
#include "server/batching/load_meter.h"
#include "server/batching/queue_set.h"
#include "server/batching/reject_reason.h"

namespace sta {

struct AdmissionOptions {
  // Bounds of one queue, and of all together.
  int64_t max_queue_tokens = 262144;
  int64_t max_queue_requests = 4096;
  int64_t max_total_queue_tokens = 1 << 20;
  int64_t max_total_queue_requests = 16384;
  // How long requests may have to wait while more comes than is worked off; at least
  // kLeastRequests times as long as a request takes by itself. 0: as long as there is room.
  absl::Duration overload_wait = absl::Milliseconds(12);
  ClientRateOptions client_rate;
};

class Admission {
 public:
  static constexpr int64_t kLeastRequests = 4;

  struct Candidate {
    const std::shared_ptr<const ServedModel>& model;
    Newcomer newcomer;
    // Of the job behind what waits before it; nothing where no device is ready.
    std::optional<Outlook> outlook;
  };
  struct Decision {
    absl::Status status;
    RejectReason reason = RejectReason::kQueueFull;  // where the status is not OK
    std::vector<std::shared_ptr<JobState>> victims;  // who lose their places, where it is
  };

  explicit Admission(const AdmissionOptions& options)
      : options_(options), rates_(options.client_rate) {}

  // Books the job, let in or not.
  Decision Decide(const Candidate& candidate, const QueueSet& queues, absl::Time now);
  // What Decide would say, if the job has at least the newcomer's tokens. Of what is refused so
  // `asked_tokens` are booked.
  Decision DecideEarly(const Candidate& candidate, int64_t asked_tokens, const QueueSet& queues,
                       absl::Time now);

  // So much of what was let in has been computed, or has been given up for other reasons than those
  // of this class.
  void OnOver(int64_t tokens, absl::Time now) { meter_.OnOver(tokens, now); }
  // Jobs that have waited since before then have waited too long.
  absl::Time OldestAllowed(absl::Time now);
  // What these are told.
  static absl::Status WaitedTooLong();
  // What victims are told.
  static absl::Status Displaced();

 private:
  Decision Check(const Candidate& candidate, const QueueSet& queues, absl::Time now);
  Decision CheckRoom(const Candidate& candidate, const QueueSet& queues) const;
  absl::Duration LongestWait() const;

  const AdmissionOptions options_;
  ClientRates rates_;
  LoadMeter meter_;
  absl::Duration mean_run_;  // of a request by itself
};

}  // namespace sta

#endif  // SERVER_BATCHING_ADMISSION_H_
