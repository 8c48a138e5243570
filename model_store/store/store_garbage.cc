// SPDX-License-Identifier: Apache-2.0
//
// What goes from a VersionStore: deleted versions, expired uploads, and what a crash left.
#include <utility>

#include "model_store/store/file_operations.h"
#include "model_store/store/store_core.h"
#include "strings/str_cat.h"

namespace sta {

absl::Status VersionStore::Core::DeleteVersion(const std::string& name, int64_t version,
                                               bool force) {
  if (absl::Status writable = CheckWritable(); !writable.ok()) return writable;
  std::set<std::string> hashes;
  {
    const absl::MutexLock lock(&mutex_);
    if (absl::Status found = CheckVersion(name, version); !found.ok()) return found;
    ModelRecord record = records_.Get(name);
    for (const auto& [alias, info] : record.aliases) {
      if (info.version != version || force) continue;
      return absl::FailedPreconditionError(
          StrCat("alias '", alias, "' names version ", version, " of model '", name, "'"));
    }
    const absl::StatusOr<FileSystem::Path> trash = MoveToTrash(files_, layout_, name, version);
    if (!trash.ok()) return trash.status();
    // It is gone, if not yet durably; all that follows is finished after a crash, too.
    for (const auto& [file, entry] : catalog_.Find(name, version)->files) {
      hashes.insert(entry.sha256);
    }
    catalog_.Remove(name, version);
    record.Delete(version);
    records_.Set(name, std::move(record));
    PublishSnapshot();
    if (absl::Status synced = SyncTrashed(files_, layout_, name); !synced.ok()) return synced;
    // From here on the deletion is durable; what cannot be done now, CollectGarbage does.
    FinishDeletion(*trash, name).IgnoreError();
  }
  blobs_.CollectGarbage(hashes).IgnoreError();
  return absl::OkStatus();
}

// The bytes go before the record is written, which a full disk may refuse until they are gone; the
// directory's name stays until the record is written.
absl::Status VersionStore::Core::FinishDeletion(const FileSystem::Path& trash,
                                                const std::string& name) {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files_.List(trash);
  if (!entries.ok()) return entries.status();
  for (const DirectoryEntry& entry : *entries) {
    if (absl::Status gone = RemoveTree(files_, trash / entry.name); !gone.ok()) return gone;
  }
  absl::Status status = records_.Flush(name);
  if (status.ok()) status = files_.RemoveDirectory(trash);
  if (status.ok()) status = files_.SyncDirectory(layout_.Trash());
  // A model without versions; whoever puts something there makes it anew.
  files_.RemoveDirectory(layout_.Model(name)).IgnoreError();
  return status;
}

absl::Status VersionStore::Core::RecoverTrash() {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files_.List(layout_.Trash());
  if (!entries.ok()) return entries.status();
  for (const DirectoryEntry& entry : *entries) {
    const std::optional<TrashName> deleted = ParseTrashName(entry.name);
    if (!deleted.has_value()) continue;
    ModelRecord record = records_.Get(deleted->name);
    record.Delete(deleted->version);
    if (record != records_.Get(deleted->name)) records_.Set(deleted->name, std::move(record));
  }
  return absl::OkStatus();
}

// Of uploads that were cut off between the two halves of their commit, and of versions that
// somebody took away by other means.
void VersionStore::Core::ForgetVoidEntries() {
  const std::map<std::string, ModelRecord, std::less<>> all = records_.all();
  for (const auto& [name, record] : all) {
    if (!catalog_.IsRead(name)) continue;
    ModelRecord kept = record;
    for (const auto& [version, entry] : record.versions) {
      if (!catalog_.IsThere(name, version)) kept.versions.erase(version);
    }
    if (kept != record) records_.Set(name, std::move(kept));
  }
}

absl::Status VersionStore::Core::RecoverUploads() {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files_.List(layout_.Uploads());
  if (!entries.ok()) return entries.status();
  for (const DirectoryEntry& entry : *entries) {
    if (entry.kind != FileKind::kDirectory) continue;
    if (absl::Status status = RecoverUpload(entry.name); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// What is not inserted is garbage.
absl::Status VersionStore::Core::RecoverUpload(const std::string& id) {
  const absl::StatusOr<FileInfo> header = files_.Stat(layout_.Upload(id) / kUploadFile);
  if (absl::IsNotFound(header.status())) return absl::OkStatus();  // its beginning was cut off
  absl::StatusOr<std::unique_ptr<Upload>> upload =
      Upload::Recover({files_, layout_, blobs_, options_}, id, clock_.Now());
  if (absl::IsDataLoss(upload.status())) {
    Warn(StrCat("upload ", id, " is damaged and is dropped: ", StdView(upload.status().message())));
    return absl::OkStatus();
  }
  if (!upload.ok()) return upload.status();
  const VersionContent* content =
      catalog_.Find((*upload)->header().name, (*upload)->header().version);
  const bool is_committed =
      content != nullptr && content->info.digest == (*upload)->header().digest;
  if (!is_committed) uploads_.Insert(*std::move(upload));
  return absl::OkStatus();
}

absl::Status VersionStore::Core::CollectGarbage() {
  if (read_only()) return absl::OkStatus();
  absl::Status status = ExpireUploads();
  {
    const absl::MutexLock lock(&mutex_);
    status.Update(RemoveLeftovers());
  }
  status.Update(blobs_.CollectGarbage());
  return status;
}

absl::Status VersionStore::Core::ExpireUploads() {
  absl::Status status;
  for (const UploadStatus& upload : ListUploads()) {
    if (upload.expires > clock_.Now()) continue;
    absl::StatusOr<UploadLease> lease = uploads_.Acquire(upload.id);
    // Something may have come while it was waited for.
    if (!lease.ok() || (*lease)->Status().expires > clock_.Now()) continue;
    status.Update(EndUpload(*std::move(lease)));
  }
  return status;
}

absl::Status VersionStore::Core::RemoveLeftovers() {
  absl::Status status = EmptyTrash();
  status.Update(RemoveFoldersWithoutUpload(layout_.Uploads()));
  status.Update(RemoveFoldersWithoutUpload(layout_.Stagings()));
  for (const FileSystem::Path& folder : {layout_.sta(), layout_.Models()}) {
    status.Update(RemoveTemporaries(folder));
  }
  const std::map<std::string, ModelRecord, std::less<>> all = records_.all();
  for (const auto& [name, record] : all) status.Update(records_.Flush(name));
  return status;
}

absl::Status VersionStore::Core::EmptyTrash() {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files_.List(layout_.Trash());
  if (!entries.ok()) return entries.status();
  absl::Status status;
  for (const DirectoryEntry& entry : *entries) {
    const FileSystem::Path path = layout_.Trash() / entry.name;
    const std::optional<TrashName> deleted = ParseTrashName(entry.name);
    const bool is_version = deleted.has_value() && entry.kind == FileKind::kDirectory;
    if (!is_version) {
      status.Update(RemoveTree(files_, path));
      continue;
    }
    // Whoever moved it may not have come further.
    const absl::Status synced = SyncTrashed(files_, layout_, deleted->name);
    status.Update(synced.ok() ? FinishDeletion(path, deleted->name) : synced);
  }
  return status;
}

absl::Status VersionStore::Core::RemoveFoldersWithoutUpload(const FileSystem::Path& parent) {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files_.List(parent);
  if (!entries.ok()) return entries.status();
  absl::Status status;
  bool removed = false;
  for (const DirectoryEntry& entry : *entries) {
    if (uploads_.Find(entry.name) != nullptr) continue;
    // First what makes an upload of it.
    if (entry.kind == FileKind::kDirectory) {
      status.Update(RemoveFileIfThere(files_, parent / entry.name / kUploadFile));
    }
    status.Update(RemoveTree(files_, parent / entry.name));
    removed = true;
  }
  // An upload that was ended does not come back.
  if (removed) status.Update(files_.SyncDirectory(parent));
  return status;
}

absl::Status VersionStore::Core::RemoveTemporaries(const FileSystem::Path& folder) {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files_.List(folder);
  if (!entries.ok()) return entries.status();
  absl::Status status;
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.name.ends_with(kTemporarySuffix)) continue;
    status.Update(RemoveTree(files_, folder / entry.name));
  }
  return status;
}

}  // namespace sta
