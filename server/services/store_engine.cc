// SPDX-License-Identifier: Apache-2.0
#include "server/services/store_engine.h"

#include <algorithm>
#include <memory>
#include <string>

#include "server/services/store_messages.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status CheckNaming(std::string_view name, int64_t version, std::string_view alias) {
  if (name.empty()) return absl::InvalidArgumentError("name: is empty; ListModels tells the names");
  if (version < 0) {
    return absl::InvalidArgumentError(
        StrCat("version: ", version, " is negative; versions are numbered from 1"));
  }
  if (alias.empty()) return absl::OkStatus();
  if (version > 0) {
    return absl::InvalidArgumentError("version and alias: only one of the two may be set");
  }
  if (IsAliasName(alias)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("alias: '", alias.substr(0, 128),
             "' is none; allowed: a letter, then letters, digits, '.', '_' and '-', at most 128"));
}

}  // namespace

absl::StatusOr<VersionInfo> StoreEngine::Resolve(std::string_view name, int64_t version,
                                                 std::string_view alias) const {
  if (const absl::Status status = CheckNaming(name, version, alias); !status.ok()) return status;
  if (version == 0) {
    const absl::StatusOr<ModelStatus> described = parts.registry.Describe(name, alias);
    if (!described.ok()) return described.status();
    version = described->version;
  }
  const std::shared_ptr<const StoreSnapshot> snapshot = parts.store.Snapshot();
  const VersionInfo* found = snapshot->Find(name, version);
  if (found != nullptr) return *found;
  return absl::NotFoundError(StrCat("there is no model '", name.substr(0, 128), "' with version ",
                                    version, "; ListModels tells what there is"));
}

absl::StatusOr<VersionInfo> StoreEngine::Newest(std::string_view name) const {
  if (const absl::Status status = CheckNaming(name, 0, ""); !status.ok()) return status;
  const std::shared_ptr<const StoreSnapshot> snapshot = parts.store.Snapshot();
  const auto found = std::ranges::find(snapshot->versions, name, &VersionInfo::name);
  if (found != snapshot->versions.end()) return *found;
  return absl::NotFoundError(
      StrCat("there is no model '", name.substr(0, 128), "'; ListModels tells what there is"));
}

v1::ModelVersion StoreEngine::Describe(const VersionInfo& version) const {
  const absl::StatusOr<ModelStatus> status =
      parts.registry.Describe(version.name, StrCat(version.version));
  // The registry learns of a version a little later than the store has it.
  return status.ok() ? MakeModelVersion(*status) : MakeModelVersion(version);
}

}  // namespace sta
