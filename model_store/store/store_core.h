// SPDX-License-Identifier: Apache-2.0
//
// VersionStore::Core: the inside of VersionStore (version_store.h), in three sources: store_core.cc
// for what is there, store_uploads.cc for what comes, store_garbage.cc for what goes.
//
// Locks, in the order in which they are taken: an upload's lease; `mutex_`, for all that versions
// and records say; short ones. Appends take their lease only.
#ifndef MODEL_STORE_STORE_STORE_CORE_H_
#define MODEL_STORE_STORE_STORE_CORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "model_store/store/blob_store.h"
#include "model_store/store/catalog.h"
#include "model_store/store/model_records.h"
#include "model_store/store/store_access.h"
#include "model_store/store/upload_match.h"
#include "model_store/store/upload_table.h"
#include "model_store/store/version_moves.h"
#include "model_store/store/version_store.h"

namespace sta {

class VersionStore::Core {
 public:
  Core(StoreAccess access, const StoreOptions& options, FileSystem& files, Clock& clock,
       PackageChecker checker);

  // Reads what is there and puts right what a crash left. Called once, first.
  absl::Status Recover();

  bool read_only() const { return lock_ == nullptr; }
  // The error without the store's path on this machine.
  absl::Status Public(const absl::Status& status) const;
  template <typename T>
  absl::StatusOr<T> Public(absl::StatusOr<T> value) const {
    if (!value.ok()) return Public(value.status());
    return value;
  }

  // As VersionStore's.
  std::shared_ptr<const StoreSnapshot> Snapshot() const;
  absl::Status Rescan();
  absl::StatusOr<AliasChange> SetAlias(const std::string& name, const std::string& alias,
                                       int64_t version, std::optional<int64_t> expected);
  absl::StatusOr<AliasChange> RollBackAlias(const std::string& name, const std::string& alias,
                                            std::optional<int64_t> expected);
  absl::Status DeleteAlias(const std::string& name, const std::string& alias);
  absl::StatusOr<VerifyReport> Verify(const std::string& name, int64_t version);
  int64_t StoreBytes() const;

  absl::StatusOr<StartedUpload> StartUpload(const UploadRequest& request);
  absl::StatusOr<UploadStatus> AppendToUpload(std::string_view id, const ChunkView& chunk);
  absl::Status SyncUpload(std::string_view id);
  absl::StatusOr<UploadStatus> GetUpload(std::string_view id) const;
  std::vector<UploadStatus> ListUploads() const;
  absl::Status AbortUpload(std::string_view id);
  absl::StatusOr<VersionInfo> FinishUpload(std::string_view id);

  absl::Status DeleteVersion(const std::string& name, int64_t version, bool force);
  absl::Status CollectGarbage();

 private:
  absl::Status CheckWritable() const;
  void Warn(const std::string& text) const;
  absl::Status CheckVersion(const std::string& name, int64_t version) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status PutRecord(const std::string& name, ModelRecord record)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PublishSnapshot() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // store_uploads.cc
  absl::StatusOr<UploadMatch> Match(const UploadRequest& request,
                                    const UploadIdentity& wanted) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<int64_t> ChooseVersion(const UploadRequest& request) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckRoom(const UploadRequest& request, const Manifest& manifest)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string MakeUploadId(const UploadHeader& header) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What makes the upload go is returned in `is_over`.
  absl::StatusOr<VersionInfo> Commit(Upload& upload, bool& is_over);
  absl::StatusOr<VersionInfo> Publish(const Upload& upload, bool& is_over);
  absl::StatusOr<VersionInfo> FindPublished(const UploadHeader& header, bool& is_over)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status EndUpload(UploadLease lease);

  // store_garbage.cc
  absl::Status RecoverTrash() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status RecoverUploads() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status RecoverUpload(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetVoidEntries() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status FinishDeletion(const FileSystem::Path& trash, const std::string& name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status ExpireUploads();
  absl::Status RemoveLeftovers() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status RemoveFoldersWithoutUpload(const FileSystem::Path& parent)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status RemoveTemporaries(const FileSystem::Path& folder);
  absl::Status EmptyTrash() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const StoreLayout layout_;
  const std::unique_ptr<FileLock> lock_;  // null: read-only
  const StoreOptions options_;
  FileSystem& files_;
  Clock& clock_;
  const PackageChecker checker_;
  BlobStore blobs_;
  UploadTable uploads_;

  absl::Mutex mutex_;
  ModelRecords records_ ABSL_GUARDED_BY(mutex_);
  Catalog catalog_ ABSL_GUARDED_BY(mutex_);
  int64_t uploads_begun_ ABSL_GUARDED_BY(mutex_) = 0;

  std::atomic<int64_t> version_bytes_ = 0;
  mutable absl::Mutex snapshot_mutex_;
  std::shared_ptr<const StoreSnapshot> snapshot_ ABSL_GUARDED_BY(snapshot_mutex_);
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_STORE_CORE_H_
