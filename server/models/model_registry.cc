// SPDX-License-Identifier: Apache-2.0
#include "server/models/model_registry.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

std::optional<int64_t> ParseVersion(std::string_view text) {
  int64_t version = 0;
  const bool is_number = absl::SimpleAtoi(AbslView(text), &version) && version > 0 &&
                         StrCat(version) == text;  // no sign, no leading zero
  return is_number ? std::optional(version) : std::nullopt;
}

// The lease, or why there is none.
absl::StatusOr<std::shared_ptr<const ServedModel>> Lease(const ModelStatus& status) {
  switch (status.state) {
    case ModelState::kReady:
      return status.served;
    case ModelState::kLoading:
      return absl::UnavailableError(
          StrCat("model '", status.name, "' version ", status.version, " is still loading"));
    case ModelState::kFailed:
      break;
  }
  return absl::FailedPreconditionError(StrCat("model '", status.name, "' version ", status.version,
                                              " could not be loaded: ", status.reason));
}

}  // namespace

void ModelRegistry::SetLoading(std::string_view name, int64_t version) {
  const absl::MutexLock lock(&mutex_);
  models_[std::string(name)][version] = {.name = std::string(name), .version = version};
}

void ModelRegistry::SetReady(std::shared_ptr<const ServedModel> served) {
  const absl::MutexLock lock(&mutex_);
  models_[served->name][served->version] = {.name = served->name,
                                            .version = served->version,
                                            .state = ModelState::kReady,
                                            .served = served};
}

void ModelRegistry::SetFailed(std::string_view name, int64_t version, std::string_view reason) {
  const absl::MutexLock lock(&mutex_);
  models_[std::string(name)][version] = {.name = std::string(name),
                                         .version = version,
                                         .state = ModelState::kFailed,
                                         .reason = std::string(reason)};
}

absl::StatusOr<std::shared_ptr<const ServedModel>> ModelRegistry::Find(
    std::string_view name, std::string_view version) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = models_.find(name);
  if (found == models_.end()) {
    return absl::NotFoundError(StrCat("model '", name.substr(0, 128),
                                      "' is not known; list the models with 'stactl model list'"));
  }
  const Versions& versions = found->second;
  if (version.empty()) {
    const auto ready = std::ranges::find(versions, ModelState::kReady,
                                         [](const auto& entry) { return entry.second.state; });
    return Lease(ready != versions.end() ? ready->second : versions.begin()->second);
  }
  const std::optional<int64_t> number = ParseVersion(version);
  if (!number.has_value()) {
    return absl::InvalidArgumentError(StrCat("model version '", version.substr(0, 32),
                                             "' is not a positive number; leave it empty for the "
                                             "newest"));
  }
  const auto entry = versions.find(*number);
  if (entry == versions.end()) {
    return absl::NotFoundError(StrCat("model '", name, "' has no version ", *number,
                                      "; the newest is ", versions.begin()->first));
  }
  return Lease(entry->second);
}

std::vector<ModelStatus> ModelRegistry::List() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<ModelStatus> list;
  for (const auto& [name, versions] : models_) {
    for (const auto& [version, status] : versions) list.push_back(status);
  }
  return list;
}

bool ModelRegistry::AllReady() const {
  const absl::MutexLock lock(&mutex_);
  return std::ranges::all_of(models_, [](const auto& model) {
    const auto count = [&](ModelState state) {
      return std::ranges::count(model.second, state,
                                [](const auto& entry) { return entry.second.state; });
    };
    return count(ModelState::kLoading) == 0 && count(ModelState::kReady) > 0;
  });
}

void ModelRegistry::Clear() {
  std::map<std::string, Versions, std::less<>> dropped;  // destroyed outside the lock
  const absl::MutexLock lock(&mutex_);
  dropped.swap(models_);
}

}  // namespace sta
