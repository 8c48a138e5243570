// SPDX-License-Identifier: Apache-2.0
//
// VersionTable: the manager's record of every version, and what it shows of them: to requests
// (registry), to watchers (feed) and to the policy (snapshot). Internal to server/models; one
// thread uses it.
//
//   table.Sync(store.Snapshot());
//   VersionRecord* record = table.Find("minilm", 3);
//   table.SetState(*record, ModelState::kLoading);            // shown at once
//   auto action = NextAction(table.Snapshot(), table.policy());
#ifndef SERVER_MODELS_VERSION_TABLE_H_
#define SERVER_MODELS_VERSION_TABLE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "accel/device_pool/clock.h"
#include "model_store/store/store_snapshot.h"
#include "server/models/lifecycle_policy.h"
#include "server/models/model_feed.h"
#include "server/models/model_registry.h"
#include "server/models/version_record.h"

namespace sta {

class VersionTable {
 public:
  // All outlive the table.
  VersionTable(ModelRegistry& registry, ModelFeed& feed, Clock& clock,
               const LifecyclePolicy& policy)
      : registry_(registry), feed_(feed), clock_(clock), policy_(policy) {}

  // What the store holds now. Versions that are not in it any more are marked, not erased; what was
  // loaded of other content is marked stale.
  void Sync(std::shared_ptr<const StoreSnapshot> store);
  const StoreSnapshot& store() const { return *store_; }

  // Null where there is none. Valid until Erase.
  VersionRecord* Find(std::string_view name, int64_t version);
  // The first record, by name and newest first, of which `matches` says so.
  VersionRecord* FindIf(const std::function<bool(const VersionRecord&)>& matches);
  void ForEach(const std::function<void(VersionRecord&)>& visit);
  bool HasAlias(const VersionRecord& record) const;

  void SetState(VersionRecord& record, ModelState state, std::string_view reason = "");
  // To kReady, with the lease that requests get copies of.
  void SetReady(VersionRecord& record, std::shared_ptr<const ServedModel> lease);
  // Shows everything about one model as it is now.
  void Publish(std::string_view name);
  void Erase(VersionRecord& record);

  const LifecyclePolicy& policy() const { return policy_; }
  LifecycleSnapshot Snapshot() const;

 private:
  using Versions = std::map<int64_t, VersionRecord, std::greater<>>;

  void SyncVersion(const VersionInfo& info);
  ModelSnapshot SnapshotOf(const std::string& name, const Versions& versions) const;
  ModelStatus StatusOf(const VersionRecord& record, bool is_wanted) const;

  ModelRegistry& registry_;
  ModelFeed& feed_;
  Clock& clock_;
  const LifecyclePolicy policy_;
  std::shared_ptr<const StoreSnapshot> store_ = std::make_shared<StoreSnapshot>();
  std::map<std::string, Versions, std::less<>> models_;
};

}  // namespace sta

#endif  // SERVER_MODELS_VERSION_TABLE_H_
