// SPDX-License-Identifier: Apache-2.0
#include "server/models/model_registry.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "model_store/store/store_names.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

std::optional<int64_t> ParseVersion(std::string_view text) {
  int64_t version = 0;
  const bool is_number = absl::SimpleAtoi(AbslView(text), &version) && version > 0 &&
                         StrCat(version) == text;  // no sign, no leading zero
  return is_number ? std::optional(version) : std::nullopt;
}

std::string Which(const ModelStatus& status) {
  return StrCat("model '", status.name, "' version ", status.version);
}

// Why there is no lease on a version that is not ready.
absl::Status WhyNoLease(const ModelStatus& status) {
  switch (status.state) {
    case ModelState::kFailed:
      return absl::FailedPreconditionError(
          StrCat(Which(status), " could not be loaded: ", status.reason));
    case ModelState::kDraining:
      return absl::UnavailableError(StrCat(Which(status), " is being unloaded"));
    case ModelState::kUnloaded:
      if (!status.reason.empty()) {
        return absl::ResourceExhaustedError(
            StrCat(Which(status), " is not loaded: ", status.reason));
      }
      if (status.is_wanted || status.is_evicted) break;
      return absl::FailedPreconditionError(
          StrCat(Which(status), " is not loaded; 'stactl model load' loads it"));
    default:
      break;
  }
  return absl::UnavailableError(StrCat(Which(status), " is being loaded"));
}

}  // namespace

void ModelRegistry::SetListener(std::shared_ptr<Listener> listener) {
  const absl::MutexLock lock(&mutex_);
  listener_ = std::move(listener);
}

const ModelRegistry::Entry* ModelRegistry::DefaultOf(const Model& model) {
  if (const auto alias = model.aliases.find(kDefaultAlias); alias != model.aliases.end()) {
    const auto named = model.versions.find(alias->second);
    if (named != model.versions.end()) return &named->second;
  }
  const auto ready = std::ranges::find_if(model.versions, [](const auto& version) {
    return version.second.status.state == ModelState::kReady;
  });
  if (ready != model.versions.end()) return &ready->second;
  // The newest that a request may bring back, else the newest that is on its way, else any.
  for (const bool evicted : {true, false}) {
    const auto found = std::ranges::find_if(model.versions, [&](const auto& version) {
      const ModelStatus& status = version.second.status;
      return evicted ? status.is_evicted : status.is_wanted;
    });
    if (found != model.versions.end()) return &found->second;
  }
  return &model.versions.begin()->second;
}

absl::StatusOr<const ModelRegistry::Entry*> ModelRegistry::Resolve(std::string_view name,
                                                                   std::string_view version) const {
  const auto found = models_.find(name);
  if (found == models_.end() || found->second.versions.empty()) {
    return absl::NotFoundError(StrCat("model '", name.substr(0, 128),
                                      "' is not known; list the models with 'stactl model list'"));
  }
  const Model& model = found->second;
  if (version.empty()) return DefaultOf(model);
  std::optional<int64_t> number = ParseVersion(version);
  if (!number.has_value()) {
    if (!IsAliasName(version)) {
      return absl::InvalidArgumentError(
          StrCat("model version '", version.substr(0, 32),
                 "' is neither a positive number nor an alias; leave it empty for the default"));
    }
    const auto alias = model.aliases.find(version);
    if (alias == model.aliases.end()) {
      return absl::NotFoundError(StrCat("model '", name, "' has no alias '", version, "'"));
    }
    number = alias->second;
  }
  const auto entry = model.versions.find(*number);
  if (entry == model.versions.end()) {
    return absl::NotFoundError(StrCat("model '", name, "' has no version ", *number,
                                      "; the newest is ", model.versions.begin()->first));
  }
  return &entry->second;
}

absl::StatusOr<std::shared_ptr<const ServedModel>> ModelRegistry::Find(
    std::string_view name, std::string_view version) const {
  std::shared_ptr<Listener> listener;
  int64_t wanted = 0;
  absl::Status status;
  {
    const absl::MutexLock lock(&mutex_);
    const absl::StatusOr<const Entry*> entry = Resolve(name, version);
    if (!entry.ok()) return entry.status();
    if ((*entry)->served != nullptr) {
      (*entry)->last_use = ++uses_;
      return (*entry)->served;
    }
    const ModelStatus& found = (*entry)->status;
    status = WhyNoLease(found);
    if (!found.is_evicted || found.state != ModelState::kUnloaded || (*entry)->is_demanded) {
      return status;
    }
    (*entry)->is_demanded = true;
    wanted = found.version;
    listener = listener_;
  }
  if (listener != nullptr) listener->OnWanted(name, wanted);
  return status;
}

absl::StatusOr<ModelStatus> ModelRegistry::Describe(std::string_view name,
                                                    std::string_view version) const {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<const Entry*> entry = Resolve(name, version);
  if (!entry.ok()) return entry.status();
  return StatusOf(models_.find(name)->second, **entry);
}

ModelStatus ModelRegistry::StatusOf(const Model& model, const Entry& entry) {
  ModelStatus status = entry.status;
  status.aliases.clear();
  for (const auto& [alias, version] : model.aliases) {
    if (version == status.version) status.aliases.push_back(alias);
  }
  status.is_default = DefaultOf(model) == &entry;
  return status;
}

std::vector<ModelStatus> ModelRegistry::List() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<ModelStatus> list;
  for (const auto& [name, model] : models_) {
    for (const auto& [version, entry] : model.versions) list.push_back(StatusOf(model, entry));
  }
  return list;
}

std::vector<ModelStatus> ModelRegistry::List(std::string_view name) const {
  const absl::MutexLock lock(&mutex_);
  std::vector<ModelStatus> list;
  const auto found = models_.find(name);
  if (found == models_.end()) return list;
  for (const auto& [version, entry] : found->second.versions) {
    list.push_back(StatusOf(found->second, entry));
  }
  return list;
}

bool ModelRegistry::IsServing(std::string_view name) const {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<const Entry*> entry = Resolve(name, "");
  return entry.ok() && (*entry)->served != nullptr;
}

bool ModelRegistry::AllReady() const {
  const absl::MutexLock lock(&mutex_);
  return std::ranges::all_of(models_, [](const auto& named) {
    const Model& model = named.second;
    const bool is_wanted = std::ranges::any_of(
        model.versions, [](const auto& version) { return version.second.status.is_wanted; });
    return !is_wanted || DefaultOf(model)->served != nullptr;
  });
}

void ModelRegistry::ReportDamage(const ServedModel& served, std::string_view reason) const {
  std::shared_ptr<Listener> listener;
  {
    const absl::MutexLock lock(&mutex_);
    listener = listener_;
  }
  if (listener != nullptr) listener->OnDamaged(served.name, served.version, reason);
}

void ModelRegistry::Put(ModelStatus status, std::shared_ptr<const ServedModel> served) {
  // What the entry lets go of is destroyed outside the lock.
  const absl::MutexLock lock(&mutex_);
  Entry& entry = models_[status.name].versions[status.version];
  entry.is_demanded = false;
  const bool stays_ready = status.state == ModelState::kReady && served == nullptr;
  entry.status = std::move(status);
  if (stays_ready) return;
  if (served != nullptr) entry.last_use = ++uses_;
  entry.served.swap(served);
}

void ModelRegistry::Set(ModelStatus status) { Put(std::move(status), nullptr); }

void ModelRegistry::SetReady(ModelStatus status, std::shared_ptr<const ServedModel> served) {
  Put(std::move(status), std::move(served));
}

void ModelRegistry::Remove(std::string_view name, int64_t version) {
  std::shared_ptr<const ServedModel> dropped;
  const absl::MutexLock lock(&mutex_);
  const auto model = models_.find(name);
  if (model == models_.end()) return;
  const auto entry = model->second.versions.find(version);
  if (entry == model->second.versions.end()) return;
  dropped.swap(entry->second.served);
  model->second.versions.erase(entry);
  if (model->second.versions.empty()) models_.erase(model);
}

void ModelRegistry::SetAliases(std::string_view name,
                               std::map<std::string, int64_t, std::less<>> aliases) {
  const absl::MutexLock lock(&mutex_);
  const auto model = models_.find(name);
  if (model != models_.end()) model->second.aliases = std::move(aliases);
}

ModelRegistry::Use ModelRegistry::UseOf(std::string_view name, int64_t version) const {
  const absl::MutexLock lock(&mutex_);
  const auto model = models_.find(name);
  if (model == models_.end()) return {};
  const auto entry = model->second.versions.find(version);
  if (entry == model->second.versions.end() || entry->second.served == nullptr) return {};
  return {.last = entry->second.last_use, .is_leased = entry->second.served.use_count() > 1};
}

void ModelRegistry::Clear() {
  std::map<std::string, Model, std::less<>> dropped;  // destroyed outside the lock
  const absl::MutexLock lock(&mutex_);
  dropped.swap(models_);
}

}  // namespace sta
