// SPDX-License-Identifier: Apache-2.0
//
// VersionRecord: what the manager knows of one version, and who waits for it. Internal to
// server/models; touched by the manager's thread alone.
#ifndef SERVER_MODELS_VERSION_RECORD_H_
#define SERVER_MODELS_VERSION_RECORD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "model_store/store/store_snapshot.h"
#include "server/models/model_status.h"

namespace sta {

struct VersionRecord {
  using Waiter = absl::AnyInvocable<void(const absl::Status&)>;

  VersionInfo info;
  ModelState state = ModelState::kUnloaded;
  absl::Time since;
  std::string reason;

  // What the operator said.
  bool is_pinned = false;        // LoadModel
  bool is_switched_off = false;  // UnloadModel
  bool is_deleting = false;      // DeleteVersion, or retention
  bool is_spared = false;        // retention could not delete it
  // What the memory budget said, and what a request said to that.
  bool is_evicted = false;
  bool is_refused = false;  // evicted before it was ever loaded: it did not fit
  bool is_asked_for = false;

  // What the store said: its content is another than the one in memory; it is not there any more.
  bool is_stale = false;
  bool is_gone = false;

  // Of its content: the bytes are those of the manifest; it was loaded once more after damage.
  bool is_verified = false;
  bool was_reloaded = false;
  // Of kFailed.
  bool may_retry = false;
  int failures = 0;
  absl::Time retry_at = absl::InfiniteFuture();

  // A ServedModel of it has been given out and not come back: leases in flight.
  bool is_held = false;
  int64_t memory_bytes = 0;  // that it takes, or took when it was loaded last; 0: never was
  std::shared_ptr<const ModelSummary> summary;

  std::vector<Waiter> ready_waiters;     // told when it is ready, or will not be
  std::vector<Waiter> unloaded_waiters;  // told when it is in memory no more
  std::vector<Waiter> deleted_waiters;

  bool is_being_loaded() const {
    return state == ModelState::kVerifying || state == ModelState::kLoading ||
           state == ModelState::kWarming;
  }
  // Nothing of it is in memory or on its way there.
  bool is_at_rest() const { return !is_held && !is_being_loaded(); }
  bool is_taken_out() const { return is_switched_off || is_stale; }
  bool is_leaving() const { return is_deleting || is_gone; }
  bool is_demanded() const { return is_asked_for || !ready_waiters.empty(); }

  // Says `status` to all who wait, and forgets them.
  static void Tell(std::vector<Waiter>& waiters, const absl::Status& status) {
    // A waiter may make others wait for the same.
    std::vector<Waiter> told;
    told.swap(waiters);
    for (Waiter& waiter : told) waiter(status);
  }
};

}  // namespace sta

#endif  // SERVER_MODELS_VERSION_RECORD_H_
