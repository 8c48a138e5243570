// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/version_moves.h"

#include <vector>

#include "absl/strings/str_split.h"
#include "model_store/store/file_operations.h"
#include "model_store/store/store_names.h"
#include "strings/str_cat.h"

namespace sta {

absl::Status MoveIntoStore(FileSystem& files, const StoreLayout& layout,
                           const FileSystem::Path& staging, const std::string& name,
                           int64_t version) {
  const absl::Status moved = files.Rename(staging, layout.Version(name, version));
  return moved.ok() ? SyncVersion(files, layout, name) : moved;
}

absl::Status SyncVersion(FileSystem& files, const StoreLayout& layout, const std::string& name) {
  absl::Status synced = files.SyncDirectory(layout.Model(name));
  if (synced.ok()) synced = files.SyncDirectory(layout.Stagings());
  return synced.ok() ? files.SyncDirectory(layout.root_directory()) : synced;
}

std::optional<TrashName> ParseTrashName(std::string_view directory) {
  // NAME@VERSION, or NAME@VERSION@COUNT; no model name has an '@'.
  const std::vector<std::string> fields = absl::StrSplit(AbslView(directory), '@');
  if (fields.size() < 2 || !IsModelName(fields[0])) return std::nullopt;
  const std::optional<int64_t> version = ParseVersionNumber(fields[1]);
  if (!version.has_value()) return std::nullopt;
  return TrashName{.name = fields[0], .version = *version};
}

absl::StatusOr<FileSystem::Path> MoveToTrash(FileSystem& files, const StoreLayout& layout,
                                             const std::string& name, int64_t version) {
  std::string directory = StrCat(name, "@", version);
  for (int count = 1;; ++count) {
    FileSystem::Path path = layout.Trash() / directory;
    const absl::Status moved = files.Rename(layout.Version(name, version), path);
    if (moved.ok()) return path;
    // An earlier one of the same number could not be removed.
    if (!absl::IsAlreadyExists(moved)) return moved;
    directory = StrCat(name, "@", version, "@", count);
  }
}

absl::Status SyncTrashed(FileSystem& files, const StoreLayout& layout, const std::string& name) {
  // The new name first: with it alone the deletion can be finished.
  if (absl::Status synced = files.SyncDirectory(layout.Trash()); !synced.ok()) return synced;
  const absl::Status synced = files.SyncDirectory(layout.Model(name));
  return absl::IsNotFound(synced) ? absl::OkStatus() : synced;  // it was the model's last
}

}  // namespace sta
