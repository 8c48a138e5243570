// SPDX-License-Identifier: Apache-2.0
//
// ModelManager: brings every version of a store to where the policy (lifecycle_policy.h) and the
// operator want it, and keeps the registry, the feed and the store's aliases in step.
//
//   ModelManager manager({store, host, registry, feed, observer, clock}, options);
//   manager.SetAlias("minilm", "prod", 4, std::nullopt, [](auto change) { ... });
//   manager.StoreChanged();                           // after an upload, or a Rescan
//
// Behavior:
//  - One version at a time is verified (once in the life of its content here), loaded and warmed,
//  on
//    a thread of the lowest priority. It then answers requests; only after that is a version that
//    is not wanted any more drained. What is in flight on that one is finished: it goes from memory
//    when its last lease is dropped, on the manager's thread, never on a request's.
//  - A version that cannot be loaded is FAILED with the reason, and what served before goes on. It
//    is tried again when its content has changed or LoadModel asks for it and, where no device was
//    ready (UNAVAILABLE), after a back-off.
//  - A version whose files are changed under the server is FAILED at once (ModelRegistry::
//    ReportDamage), verified and loaded once more, and then left FAILED.
//  - Where the memory budget is full, idle versions are evicted, the least recently used first:
//    never one with leases, one that LoadModel asked for, or one that an alias `prod` names. An
//    evicted version is loaded again when a request asks for it.
//  - Uploaded versions beyond `keep_versions` are drained and deleted
//  (model_store/store/retention.h).
// Every method returns at once; `done` is called exactly once, from the manager's thread, without a
// lock held, and must not block: OK means that it has happened, and is on the disk where it is a
// matter of the disk. UNAVAILABLE: the server is shutting down. Names and versions need no check by
// the caller. Thread-safe.
//
// The destructor waits for the load in hand, answers what waits with UNAVAILABLE, clears the
// registry and unloads all. A lease that is dropped later destroys its model itself.
#ifndef SERVER_MODELS_MODEL_MANAGER_H_
#define SERVER_MODELS_MODEL_MANAGER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "model_store/store/version_store.h"
#include "server/models/lifecycle_policy.h"
#include "server/models/model_feed.h"
#include "server/models/model_host.h"
#include "server/models/model_registry.h"

namespace sta {

// What the manager tells about its work beside the states that the feed has.
class ModelManagerObserver {
 public:
  virtual ~ModelManagerObserver() = default;
  // An attempt to load a version is over; `status` of the version is as the registry has it now,
  // and `result` says why where it failed. From the manager's thread, as all of them.
  virtual void OnLoad(const ModelStatus& status, absl::Duration duration,
                      const absl::Status& result) = 0;
  // A version has been deleted because there are `keep_versions` newer ones, or could not be.
  virtual void OnRetention(std::string_view name, int64_t version, const absl::Status& result) = 0;
};

struct ModelManagerOptions {
  LifecyclePolicy policy;
  int64_t keep_versions = 0;  // 0: all
  // Before the first new attempt of a load that failed for want of a device, and the longest.
  absl::Duration first_backoff = absl::Seconds(1);
  absl::Duration longest_backoff = absl::Minutes(5);
};

class ModelManager {
 public:
  // All outlive the manager. The clock is the store's.
  struct Parts {
    VersionStore& store;
    ModelHost& host;
    ModelRegistry& registry;
    ModelFeed& feed;
    ModelManagerObserver& observer;
    Clock& clock;
  };
  using Done = absl::AnyInvocable<void(absl::Status)>;
  using AliasDone = absl::AnyInvocable<void(absl::StatusOr<AliasChange>)>;

  // Registers every version of the store before it returns.
  ModelManager(const Parts& parts, const ModelManagerOptions& options);
  ~ModelManager();
  ModelManager(const ModelManager&) = delete;
  ModelManager& operator=(const ModelManager&) = delete;

  // Loads a version and keeps it loaded until UnloadModel, whatever the policy. Done when it is
  // ready. NOT_FOUND: no such version; FAILED_PRECONDITION: it could not be loaded, or is being
  // deleted; RESOURCE_EXHAUSTED: it does not fit into the memory budget; ABORTED: it was unloaded
  // meanwhile.
  void LoadModel(std::string name, int64_t version, Done done);

  // Takes a version out of service until LoadModel (or SetAlias) asks for it. Done when it is
  // drained. NOT_FOUND; FAILED_PRECONDITION: an alias names it, unless `force`; ABORTED: it was
  // asked for again meanwhile.
  void UnloadModel(std::string name, int64_t version, bool force, Done done);

  // Names a version when it is ready, which it is first made. NOT_FOUND; ABORTED: the alias is not
  // at `expected` (0: there is none), or moved while the version was loaded; FAILED_PRECONDITION
  // and RESOURCE_EXHAUSTED as above, or the store is read-only; INVALID_ARGUMENT: a bad alias.
  void SetAlias(std::string name, std::string alias, int64_t version,
                std::optional<int64_t> expected, AliasDone done);
  // To the version that the alias named before. FAILED_PRECONDITION: there was none, or it is gone.
  void RollBackAlias(std::string name, std::string alias, std::optional<int64_t> expected,
                     AliasDone done);
  // NOT_FOUND: no such alias.
  void DeleteAlias(std::string name, std::string alias, Done done);

  // Drains a version and takes it from the store. NOT_FOUND; FAILED_PRECONDITION: an alias or a
  // request has it, unless `force`; the store is read-only.
  void DeleteVersion(std::string name, int64_t version, bool force, Done done);

  // The store has other versions or aliases than before.
  void StoreChanged();

  // Returns when all that was asked for before, and what follows from it by the policy, has
  // happened and the manager only waits: for leases, for time, or to be asked.
  void WaitUntilIdleForTest();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sta

#endif  // SERVER_MODELS_MODEL_MANAGER_H_
