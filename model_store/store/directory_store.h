// SPDX-License-Identifier: Apache-2.0
//
// DirectoryStore: the packages in a plain directory, STORE/NAME/VERSION/.
//
//   absl::StatusOr<StoreListing> listing = ScanStore(files, "/models");
//   for (const StoredVersion& newest : NewestVersions(*listing)) Load(newest.path);
//
// Names and numbers are those of store_names.h. Whatever else lies in the store is skipped and
// listed with the reason, but the store's own folder .sta, which is not mentioned. Symbolic links
// are not followed; the store itself may be one. Reads directories; thread-safe.
#ifndef MODEL_STORE_STORE_DIRECTORY_STORE_H_
#define MODEL_STORE_STORE_DIRECTORY_STORE_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/store/file_system.h"
#include "model_store/store/store_names.h"

namespace sta {

struct StoredVersion {
  std::string name;
  int64_t version = 0;
  std::filesystem::path path;
};

struct SkippedEntry {
  std::string path;  // relative to the store
  std::string reason;

  friend bool operator==(const SkippedEntry&, const SkippedEntry&) = default;
};

struct StoreListing {
  std::vector<StoredVersion> versions;  // by name, newest first
  std::vector<SkippedEntry> skipped;
  // Names, of those that are skipped, whose versions could not be listed: any may be there.
  std::set<std::string, std::less<>> unread;
};

// NOT_FOUND: no such directory; FAILED_PRECONDITION: it is no directory; PERMISSION_DENIED: it
// cannot be read.
absl::StatusOr<StoreListing> ScanStore(FileSystem& files, const std::filesystem::path& store);

// The store as a directory to list or to sync, where calls refuse a symbolic link. Statuses as
// above.
absl::StatusOr<std::filesystem::path> StoreDirectory(FileSystem& files,
                                                     const std::filesystem::path& store);

// The newest version of every name.
std::vector<StoredVersion> NewestVersions(const StoreListing& listing);

}  // namespace sta

#endif  // MODEL_STORE_STORE_DIRECTORY_STORE_H_
