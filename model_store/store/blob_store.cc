// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/blob_store.h"

#include <vector>

#include "model_store/store/file_operations.h"
#include "model_store/store/store_json.h"

namespace sta {

using Path = FileSystem::Path;

void BlobStore::Pin(const std::set<std::string>& hashes) {
  const absl::MutexLock lock(&mutex_);
  for (const std::string& sha256 : hashes) ++pins_[sha256];
}

void BlobStore::Unpin(const std::set<std::string>& hashes) {
  const absl::MutexLock lock(&mutex_);
  for (const std::string& sha256 : hashes) {
    if (--pins_[sha256] == 0) pins_.erase(sha256);
  }
}

absl::StatusOr<bool> BlobStore::Has(std::string_view sha256, int64_t size_bytes) {
  const absl::StatusOr<FileInfo> info = files_.Stat(layout_.Blob(sha256));
  if (absl::IsNotFound(info.status())) return false;
  if (!info.ok()) return info.status();
  return info->kind == FileKind::kFile && info->size_bytes == size_bytes;
}

absl::Status BlobStore::Adopt(std::string_view sha256, int64_t size_bytes, const Path& file) {
  const Path folder = layout_.BlobFolder(sha256);
  if (absl::Status made = EnsureDirectory(files_, folder); !made.ok()) return made;
  if (absl::Status put = PutUnlessThere(sha256, size_bytes, file); !put.ok()) return put;
  // Also where it was there: who made it may not have come this far.
  return files_.SyncDirectory(folder);
}

absl::Status BlobStore::PutUnlessThere(std::string_view sha256, int64_t size_bytes,
                                       const Path& file) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<bool> is_there = Has(sha256, size_bytes);
  if (!is_there.ok()) return is_there.status();
  if (*is_there) return absl::OkStatus();
  // What is there in spite of that is of another size.
  if (absl::Status gone = RemoveTree(files_, layout_.Blob(sha256)); !gone.ok()) return gone;
  const absl::Status linked = files_.Link(file, layout_.Blob(sha256));
  return absl::IsUnimplemented(linked) ? files_.Rename(file, layout_.Blob(sha256)) : linked;
}

absl::Status BlobStore::Give(std::string_view sha256, const Path& to) {
  const Path blob = layout_.Blob(sha256);
  const absl::Status linked = files_.Link(blob, to);
  if (!absl::IsUnimplemented(linked)) return linked;
  if (!warned_of_copies_.exchange(true) && on_warning_) {
    on_warning_(
        "the store's volume gives no (more) hard links: files that versions have in common are "
        "copied");
  }
  return CopyFile(files_, blob, to);
}

absl::Status BlobStore::Forget(std::string_view sha256) {
  return RemoveFileIfThere(files_, layout_.Blob(sha256));
}

absl::Status BlobStore::RemoveIfUnused(std::string_view sha256) {
  const absl::MutexLock lock(&mutex_);
  if (pins_.contains(sha256)) return absl::OkStatus();
  const absl::StatusOr<FileInfo> info = files_.Stat(layout_.Blob(sha256));
  if (absl::IsNotFound(info.status())) return absl::OkStatus();
  if (!info.ok()) return info.status();
  return info->link_count > 1 ? absl::OkStatus() : Forget(sha256);
}

absl::Status BlobStore::CollectGarbage(const std::set<std::string>& hashes) {
  absl::Status status;
  for (const std::string& sha256 : hashes) status.Update(RemoveIfUnused(sha256));
  return status;
}

absl::Status BlobStore::CollectFolder(const DirectoryEntry& folder) {
  const Path path = layout_.Blobs() / folder.name;
  if (folder.kind != FileKind::kDirectory) return RemoveFileIfThere(files_, path);
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files_.List(path);
  if (!entries.ok()) return entries.status();
  absl::Status status;
  for (const DirectoryEntry& entry : *entries) {
    const bool is_blob = entry.kind == FileKind::kFile && IsSha256Hex(entry.name) &&
                         entry.name.starts_with(folder.name);
    status.Update(is_blob ? RemoveIfUnused(entry.name) : RemoveTree(files_, path / entry.name));
  }
  return status;
}

absl::Status BlobStore::CollectGarbage() {
  const absl::StatusOr<std::vector<DirectoryEntry>> folders = files_.List(layout_.Blobs());
  if (!folders.ok()) return folders.status();
  absl::Status status;
  for (const DirectoryEntry& folder : *folders) status.Update(CollectFolder(folder));
  return status;
}

}  // namespace sta
