// SPDX-License-Identifier: Apache-2.0
//
// What is in a version's directory. Reads the disk; thread-safe.
#ifndef MODEL_STORE_STORE_VERSION_DIRECTORY_H_
#define MODEL_STORE_STORE_VERSION_DIRECTORY_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/package/manifest.h"
#include "model_store/store/directory_store.h"
#include "model_store/store/file_system.h"
#include "model_store/store/store_snapshot.h"

namespace sta {

struct VersionContent {
  VersionInfo info;  // as one that came by other means
  std::map<std::string, FileEntry> files;
};

// Names, kinds, sizes and times of all that is in the directory: as long as it stays the same, so
// does what ReadVersion says.
absl::StatusOr<std::string> DirectorySignature(FileSystem& files, const FileSystem::Path& path);

// Whether an error says nothing about what is in a directory, but that it could not be looked at.
bool IsOfTheDisk(const absl::Status& status);

// Reads the manifest and compares it with what is there; hashes are not looked at. The error's
// message says what is missing or wrong.
absl::StatusOr<VersionContent> ReadVersion(FileSystem& files, const StoredVersion& stored);

}  // namespace sta

#endif  // MODEL_STORE_STORE_VERSION_DIRECTORY_H_
