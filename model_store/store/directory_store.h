// SPDX-License-Identifier: Apache-2.0
//
// DirectoryStore: the packages in a plain directory, STORE/NAME/VERSION/.
//
//   absl::StatusOr<StoreListing> listing = ScanStore("/models");
//   for (const StoredVersion& newest : NewestVersions(*listing)) Load(newest.path);
//
// A name has letters, digits, '.', '_' and '-', at most 128, and does not begin with a dot. A
// version is a positive number without leading zeros. Whatever else lies in the store is skipped
// and listed with the reason; symbolic links are not followed. File I/O; thread-safe.
#ifndef MODEL_STORE_STORE_DIRECTORY_STORE_H_
#define MODEL_STORE_STORE_DIRECTORY_STORE_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sta {

struct StoredVersion {
  std::string name;
  int64_t version = 0;
  std::filesystem::path path;
};

struct SkippedEntry {
  std::string path;  // relative to the store
  std::string reason;
};

struct StoreListing {
  std::vector<StoredVersion> versions;  // by name, newest first
  std::vector<SkippedEntry> skipped;
};

bool IsModelName(std::string_view name);

// NOT_FOUND: no such directory; FAILED_PRECONDITION: it is no directory; PERMISSION_DENIED: it
// cannot be read.
absl::StatusOr<StoreListing> ScanStore(const std::filesystem::path& store);

// The newest version of every name.
std::vector<StoredVersion> NewestVersions(const StoreListing& listing);

}  // namespace sta

#endif  // MODEL_STORE_STORE_DIRECTORY_STORE_H_
