// SPDX-License-Identifier: Apache-2.0
#include "server/models/version_table.h"

#include <set>
#include <utility>
#include <vector>

namespace sta {
namespace {

const std::map<std::string, AliasInfo, std::less<>>& AliasesOf(const StoreSnapshot& store,
                                                               std::string_view name) {
  static const std::map<std::string, AliasInfo, std::less<>> kNone;
  const auto found = store.aliases.find(name);
  return found != store.aliases.end() ? found->second : kNone;
}

}  // namespace

void VersionTable::Sync(std::shared_ptr<const StoreSnapshot> store) {
  store_ = std::move(store);
  std::set<std::string> names;
  ForEach([&](VersionRecord& record) {
    record.is_gone = store_->Find(record.info.name, record.info.version) == nullptr;
    names.insert(record.info.name);
  });
  for (const VersionInfo& info : store_->versions) {
    SyncVersion(info);
    names.insert(info.name);
  }
  for (const std::string& name : names) Publish(name);
}

void VersionTable::SyncVersion(const VersionInfo& info) {
  const auto [entry, is_new] = models_[info.name].try_emplace(info.version);
  VersionRecord& record = entry->second;
  if (is_new) {
    record.since = clock_.Now();
  } else if (record.info.digest != info.digest) {
    record.is_stale = true;
  }
  record.info = info;
}

VersionRecord* VersionTable::Find(std::string_view name, int64_t version) {
  const auto model = models_.find(name);
  if (model == models_.end()) return nullptr;
  const auto found = model->second.find(version);
  return found != model->second.end() ? &found->second : nullptr;
}

VersionRecord* VersionTable::FindIf(const std::function<bool(const VersionRecord&)>& matches) {
  for (auto& [name, versions] : models_) {
    for (auto& [version, record] : versions) {
      if (matches(record)) return &record;
    }
  }
  return nullptr;
}

void VersionTable::ForEach(const std::function<void(VersionRecord&)>& visit) {
  for (auto& [name, versions] : models_) {
    for (auto& [version, record] : versions) visit(record);
  }
}

bool VersionTable::HasAlias(const VersionRecord& record) const {
  for (const auto& [alias, info] : AliasesOf(*store_, record.info.name)) {
    if (info.version == record.info.version) return true;
  }
  return false;
}

void VersionTable::SetState(VersionRecord& record, ModelState state, std::string_view reason) {
  record.since = clock_.Now();
  record.state = state;
  record.reason = reason;
  Publish(record.info.name);
}

void VersionTable::SetReady(VersionRecord& record, std::shared_ptr<const ServedModel> lease) {
  record.since = clock_.Now();
  record.state = ModelState::kReady;
  record.reason.clear();
  registry_.SetReady(StatusOf(record, /*is_wanted=*/true), std::move(lease));
  Publish(record.info.name);
}

void VersionTable::Publish(std::string_view name) {
  const auto model = models_.find(name);
  if (model != models_.end()) {
    const std::vector<bool> wanted = Wanted(SnapshotOf(model->first, model->second), policy_);
    auto is_wanted = wanted.begin();
    for (const auto& [version, record] : model->second) {
      registry_.Set(StatusOf(record, *is_wanted++));
    }
    std::map<std::string, int64_t, std::less<>> aliases;
    for (const auto& [alias, info] : AliasesOf(*store_, name)) aliases[alias] = info.version;
    registry_.SetAliases(name, std::move(aliases));
  }
  feed_.Update(name, registry_.List(name), clock_.Now());
}

void VersionTable::Erase(VersionRecord& record) {
  const std::string name = record.info.name;
  const int64_t version = record.info.version;
  registry_.Remove(name, version);
  const auto model = models_.find(name);
  model->second.erase(version);
  if (model->second.empty()) models_.erase(model);
  Publish(name);
}

ModelStatus VersionTable::StatusOf(const VersionRecord& record, bool is_wanted) const {
  const bool is_loaded =
      record.state == ModelState::kReady || record.state == ModelState::kDraining;
  return {.name = record.info.name,
          .version = record.info.version,
          .state = record.state,
          .since = record.since,
          .reason = record.reason,
          .is_wanted = is_wanted,
          .is_evicted = record.is_evicted,
          .digest = record.info.digest,
          .size_bytes = record.info.size_bytes,
          .created = record.info.created,
          .memory_bytes = is_loaded ? record.memory_bytes : 0,
          .summary = record.summary};
}

LifecycleSnapshot VersionTable::Snapshot() const {
  LifecycleSnapshot snapshot;
  for (const auto& [name, versions] : models_) {
    snapshot.models.push_back(SnapshotOf(name, versions));
  }
  return snapshot;
}

ModelSnapshot VersionTable::SnapshotOf(const std::string& name, const Versions& versions) const {
  ModelSnapshot model = {.name = name, .versions = {}};
  for (const auto& [version, record] : versions) {
    VersionSnapshot shown = {
        .version = version,
        .state = record.state,
        .is_pinned = record.is_pinned,
        .is_taken_out = record.is_taken_out(),
        .is_leaving = record.is_leaving(),
        .is_evicted = record.is_evicted,
        .is_demanded = record.is_demanded(),
        // Not while requests hold what was loaded before.
        .may_retry = record.may_retry && !record.is_held,
        .memory_bytes = record.memory_bytes > 0 ? record.memory_bytes : record.info.size_bytes};
    for (const auto& [alias, info] : AliasesOf(*store_, name)) {
      if (info.version != version) continue;
      shown.has_alias = true;
      shown.is_prod = shown.is_prod || alias == kDefaultAlias;
    }
    if (record.state == ModelState::kReady) {
      const ModelRegistry::Use use = registry_.UseOf(name, version);
      shown.is_leased = use.is_leased;
      shown.last_use = use.last;
    }
    model.versions.push_back(shown);
  }
  return model;
}

}  // namespace sta
