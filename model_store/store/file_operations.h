// SPDX-License-Identifier: Apache-2.0
//
// What the store does to a disk in more than one call. Statuses are those of FileSystem.
#ifndef MODEL_STORE_STORE_FILE_OPERATIONS_H_
#define MODEL_STORE_STORE_FILE_OPERATIONS_H_

#include <string_view>

#include "absl/status/status.h"
#include "model_store/store/file_system.h"

namespace sta {

// The directory is there, and its name in `parent` is durable.
absl::Status EnsureDirectory(FileSystem& files, const FileSystem::Path& path,
                             const FileSystem::Path& parent);
inline absl::Status EnsureDirectory(FileSystem& files, const FileSystem::Path& path) {
  return EnsureDirectory(files, path, path.parent_path());
}

// A new file with `text`, read-only; its bytes are durable, its name is not.
absl::Status WriteReadOnlyFile(FileSystem& files, const FileSystem::Path& path,
                               std::string_view text);

// The file has `text` from here on, durably; a crash before leaves it as it was. What an earlier
// crash left of this is overwritten.
absl::Status ReplaceFile(FileSystem& files, const FileSystem::Path& path, std::string_view text);

// A read-only copy, whose bytes are durable and whose name is not.
absl::Status CopyFile(FileSystem& files, const FileSystem::Path& from, const FileSystem::Path& to);

// OK where there is nothing.
absl::Status RemoveFileIfThere(FileSystem& files, const FileSystem::Path& path);

// A file, or a directory with all in it; symbolic links are removed, not followed. OK where there
// is nothing. Not synced.
absl::Status RemoveTree(FileSystem& files, const FileSystem::Path& path);

}  // namespace sta

#endif  // MODEL_STORE_STORE_FILE_OPERATIONS_H_
