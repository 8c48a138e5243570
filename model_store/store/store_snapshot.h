// SPDX-License-Identifier: Apache-2.0
//
// StoreSnapshot: what a store held at one moment. Immutable once handed out.
//
//   std::shared_ptr<const StoreSnapshot> now = store.Snapshot();
//   const VersionInfo* version = now->Find("minilm", 3);      // lives as long as `now`
#ifndef MODEL_STORE_STORE_STORE_SNAPSHOT_H_
#define MODEL_STORE_STORE_STORE_SNAPSHOT_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "model_store/store/directory_store.h"

namespace sta {

// A whole version: its manifest is valid and every file that it lists is there with its size.
struct VersionInfo {
  std::string name;
  int64_t version = 0;
  std::filesystem::path path;  // a package directory
  std::string digest;          // SHA-256 of manifest.json, lower-case hex
  int64_t size_bytes = 0;      // all its files, manifest.json too
  absl::Time created;          // when it was uploaded; else when manifest.json was written
  bool uploaded = false;       // else it was put there by other means

  friend bool operator==(const VersionInfo&, const VersionInfo&) = default;
};

struct AliasInfo {
  int64_t version = 0;
  int64_t previous = 0;  // what it named before; 0: nothing

  friend bool operator==(const AliasInfo&, const AliasInfo&) = default;
};

struct StoreSnapshot {
  std::vector<VersionInfo> versions;  // by name, newest first
  // By name, then by alias. An alias may name a version that was taken away by other means.
  std::map<std::string, std::map<std::string, AliasInfo, std::less<>>, std::less<>> aliases;
  std::vector<SkippedEntry> skipped;  // what is no version, or not a whole one, and why

  // Null where there is none.
  const VersionInfo* Find(std::string_view name, int64_t version) const;
  const AliasInfo* FindAlias(std::string_view name, std::string_view alias) const;

  friend bool operator==(const StoreSnapshot&, const StoreSnapshot&) = default;
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_STORE_SNAPSHOT_H_
