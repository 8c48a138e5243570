// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/file_operations.h"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "model_store/store/store_layout.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using Path = FileSystem::Path;

constexpr int64_t kCopyBlockBytes = int64_t{1} << 20;
constexpr int kDeepestTree = 16;  // nothing of ours is deeper than two

absl::Status CheckIsDirectory(FileSystem& files, const Path& path) {
  const absl::StatusOr<FileInfo> info = files.Stat(path);
  if (!info.ok()) return info.status();
  if (info->kind != FileKind::kDirectory) {
    return absl::DataLossError(StrCat("'", path.string(), "' is no directory"));
  }
  return absl::OkStatus();
}

absl::Status RemoveTreeBelow(FileSystem& files, const Path& path, int depth) {
  if (depth > kDeepestTree) {
    return absl::DataLossError(StrCat("'", path.string(), "' is too deep to be removed"));
  }
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files.List(path);
  if (!entries.ok()) return entries.status();
  for (const DirectoryEntry& entry : *entries) {
    const Path child = path / entry.name;
    const absl::Status removed = entry.kind == FileKind::kDirectory
                                     ? RemoveTreeBelow(files, child, depth + 1)
                                     : RemoveFileIfThere(files, child);
    if (!removed.ok()) return removed;
  }
  return files.RemoveDirectory(path);
}

}  // namespace

absl::Status EnsureDirectory(FileSystem& files, const Path& path, const Path& parent) {
  const absl::Status made = files.CreateDirectory(path);
  if (absl::IsAlreadyExists(made)) {
    if (absl::Status status = CheckIsDirectory(files, path); !status.ok()) return status;
  } else if (!made.ok()) {
    return made;
  }
  // Also where it was there: who made it may not have come this far.
  return files.SyncDirectory(parent);
}

absl::Status WriteReadOnlyFile(FileSystem& files, const Path& path, std::string_view text) {
  const absl::StatusOr<std::unique_ptr<WritableFile>> file = files.Create(path);
  if (!file.ok()) return file.status();
  absl::Status status = (*file)->Append(std::as_bytes(std::span(text)));
  if (status.ok()) status = (*file)->MakeReadOnly();
  if (status.ok()) status = (*file)->Sync();
  status.Update((*file)->Close());
  return status;
}

absl::Status ReplaceFile(FileSystem& files, const Path& path, std::string_view text) {
  Path temporary = path;
  temporary += kTemporarySuffix;
  if (absl::Status status = RemoveFileIfThere(files, temporary); !status.ok()) return status;
  absl::Status status = WriteReadOnlyFile(files, temporary, text);
  if (status.ok()) status = files.Rename(temporary, path);
  if (!status.ok()) {
    RemoveFileIfThere(files, temporary).IgnoreError();  // the next one overwrites it in any case
    return status;
  }
  return files.SyncDirectory(path.parent_path());
}

absl::Status CopyFile(FileSystem& files, const Path& from, const Path& to) {
  const absl::StatusOr<std::unique_ptr<ReadableFile>> source = files.OpenToRead(from);
  if (!source.ok()) return source.status();
  const absl::StatusOr<std::unique_ptr<WritableFile>> copy = files.Create(to);
  if (!copy.ok()) return copy.status();
  std::vector<std::byte> block(kCopyBlockBytes);
  absl::Status status;
  int64_t offset = 0;
  while (status.ok()) {
    const absl::StatusOr<size_t> count = (*source)->ReadAt(offset, block);
    status = count.status();
    if (!status.ok() || *count == 0) break;
    status = (*copy)->Append(std::span(block).first(*count));
    offset += static_cast<int64_t>(*count);
  }
  if (status.ok()) status = (*copy)->MakeReadOnly();
  if (status.ok()) status = (*copy)->Sync();
  status.Update((*copy)->Close());
  return status;
}

absl::Status RemoveFileIfThere(FileSystem& files, const Path& path) {
  const absl::Status removed = files.RemoveFile(path);
  return absl::IsNotFound(removed) ? absl::OkStatus() : removed;
}

absl::Status RemoveTree(FileSystem& files, const Path& path) {
  const absl::StatusOr<FileInfo> info = files.Stat(path);
  if (absl::IsNotFound(info.status())) return absl::OkStatus();
  if (!info.ok()) return info.status();
  if (info->kind != FileKind::kDirectory) return RemoveFileIfThere(files, path);
  return RemoveTreeBelow(files, path, 0);
}

}  // namespace sta
