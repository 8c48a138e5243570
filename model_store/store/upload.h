// SPDX-License-Identifier: Apache-2.0
//
// Upload: one upload's directory, .sta/uploads/ID, and what is known of it.
//
//   auto upload = Upload::Begin(parts, header, manifest_text, *ParseUploadManifest(manifest_text));
//   (*upload)->Append(chunk, clock.Now());
//   (*upload)->Stage(layout.Staging(id));        // when it is whole
//   (*upload)->Remove();
//
// While it lives, the blobs of its manifest are pinned. Everything that writes is for one thread at
// a time (UploadTable sees to that) and waits for the disk; the const functions are thread-safe and
// do not.
#ifndef MODEL_STORE_STORE_UPLOAD_H_
#define MODEL_STORE_STORE_UPLOAD_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "model_store/package/manifest.h"
#include "model_store/store/blob_store.h"
#include "model_store/store/file_system.h"
#include "model_store/store/store_layout.h"
#include "model_store/store/store_options.h"
#include "model_store/store/upload_files.h"
#include "model_store/store/upload_part.h"
#include "model_store/store/upload_status.h"

namespace sta {

class Upload {
 public:
  // They outlive the upload.
  struct Parts {
    FileSystem& files;
    const StoreLayout& layout;
    BlobStore& blobs;
    const StoreOptions& options;
  };

  // Makes the directory, durably.
  static absl::StatusOr<std::unique_ptr<Upload>> Begin(const Parts& parts, UploadHeader header,
                                                       const std::string& manifest_text,
                                                       Manifest manifest);
  // Takes up what a former process left. DATA_LOSS: it is not usable, or not whole.
  static absl::StatusOr<std::unique_ptr<Upload>> Recover(const Parts& parts, std::string_view id,
                                                         absl::Time now);
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  const std::set<std::string>& hashes() const { return hashes_; }
  const UploadHeader& header() const { return header_; }
  const Manifest& manifest() const { return manifest_; }
  UploadStatus Status() const;
  // What came, but for files that the store had.
  int64_t PartBytes() const;
  // What the disk will have to take yet.
  int64_t MissingBytes() const;

  // Statuses: VersionStore::AppendToUpload.
  absl::StatusOr<UploadStatus> Append(const ChunkView& chunk, absl::Time now);
  absl::Status Sync();

  // FAILED_PRECONDITION names a file that is not whole.
  absl::Status CheckWhole();
  // Makes the files blobs, and `staging` a package directory of them, durable but for its own name.
  absl::Status Stage(const FileSystem::Path& staging);

  // The directory is gone, durably.
  absl::Status Remove();

 private:
  Upload(const Parts& parts, UploadHeader header, std::string manifest_text, Manifest manifest);

  absl::Status WriteDirectory();
  // Files that the store has are whole.
  absl::Status FindBlobs();
  void SetShared(const std::string& file, bool shared);
  absl::Status RecoverParts();
  absl::Status CheckChunk(const ChunkView& chunk) const;
  absl::Status CloseOthers(const std::string& file);
  absl::Status SyncParts();
  void Note(const std::string& file);

  const Parts parts_;
  const UploadHeader header_;
  const std::string manifest_text_;
  const Manifest manifest_;
  const FileSystem::Path directory_;
  std::set<std::string> hashes_;             // pinned
  std::map<std::string, UploadPart> files_;  // by name
  std::set<std::string> shared_;             // of them, those that the store had

  mutable absl::Mutex status_mutex_;
  UploadStatus status_ ABSL_GUARDED_BY(status_mutex_);       // `expires` apart
  int64_t shared_bytes_ ABSL_GUARDED_BY(status_mutex_) = 0;  // of `shared_`
  absl::Time last_byte_ ABSL_GUARDED_BY(status_mutex_);
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_UPLOAD_H_
