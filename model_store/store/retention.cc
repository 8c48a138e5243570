// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/retention.h"

#include <algorithm>

namespace sta {
namespace {

bool IsNamedByAlias(const StoreSnapshot& snapshot, const VersionInfo& info) {
  const auto aliases = snapshot.aliases.find(info.name);
  return aliases != snapshot.aliases.end() &&
         std::ranges::any_of(aliases->second, [&](const auto& alias) {
           return alias.second.version == info.version || alias.second.previous == info.version;
         });
}

}  // namespace

std::vector<RetentionVictim> ChooseRetentionVictims(const StoreSnapshot& snapshot,
                                                    int64_t keep_versions) {
  std::vector<RetentionVictim> victims;
  if (keep_versions == 0) return victims;
  int64_t newer = 0;  // versions of the same name
  for (size_t i = 0; i < snapshot.versions.size(); ++i) {
    const VersionInfo& info = snapshot.versions[i];
    newer = i > 0 && snapshot.versions[i - 1].name == info.name ? newer + 1 : 0;
    if (newer >= keep_versions && info.uploaded && !IsNamedByAlias(snapshot, info)) {
      victims.push_back({.name = info.name, .version = info.version});
    }
  }
  std::ranges::stable_sort(victims, {}, &RetentionVictim::version);
  return victims;
}

}  // namespace sta
