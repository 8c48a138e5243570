// SPDX-License-Identifier: Apache-2.0
//
// How version directories come and go, each in one step: the points at which an upload or a
// deletion has happened. docs/store-format.md. Blocks on the disk.
#ifndef MODEL_STORE_STORE_VERSION_MOVES_H_
#define MODEL_STORE_STORE_VERSION_MOVES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/store/file_system.h"
#include "model_store/store/store_layout.h"

namespace sta {

// A staged directory becomes the version. ALREADY_EXISTS: something is there, which is left alone.
// After another error it may have happened: SyncVersion makes sure.
absl::Status MoveIntoStore(FileSystem& files, const StoreLayout& layout,
                           const FileSystem::Path& staging, const std::string& name,
                           int64_t version);
// A version that is there is durable.
absl::Status SyncVersion(FileSystem& files, const StoreLayout& layout, const std::string& name);

// What is deleted, by the name of its directory in the trash, which stays until all else that knew
// of the version is gone.
struct TrashName {
  std::string name;
  int64_t version = 0;
};
std::optional<TrashName> ParseTrashName(std::string_view directory);

// A version becomes a directory in the trash, whose path is returned; not durable before
// SyncTrashed. After an error it is where it was.
absl::StatusOr<FileSystem::Path> MoveToTrash(FileSystem& files, const StoreLayout& layout,
                                             const std::string& name, int64_t version);
absl::Status SyncTrashed(FileSystem& files, const StoreLayout& layout, const std::string& name);

}  // namespace sta

#endif  // MODEL_STORE_STORE_VERSION_MOVES_H_
