// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/store_snapshot.h"

#include <algorithm>
#include <tuple>

namespace sta {

const VersionInfo* StoreSnapshot::Find(std::string_view name, int64_t version) const {
  const auto found = std::ranges::lower_bound(
      versions, std::tuple(name, -version), {},
      [](const VersionInfo& v) { return std::tuple(std::string_view(v.name), -v.version); });
  const bool is_there = found != versions.end() && found->name == name && found->version == version;
  return is_there ? &*found : nullptr;
}

const AliasInfo* StoreSnapshot::FindAlias(std::string_view name, std::string_view alias) const {
  const auto model = aliases.find(name);
  if (model == aliases.end()) return nullptr;
  const auto found = model->second.find(alias);
  return found == model->second.end() ? nullptr : &found->second;
}

}  // namespace sta
