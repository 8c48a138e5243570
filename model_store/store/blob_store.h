// SPDX-License-Identifier: Apache-2.0
//
// BlobStore: files of uploads by their SHA-256, so that versions with equal files share them. A
// version's file is one more name (hard link) of the blob: the link count is the reference count,
// and a blob that has only its own name is garbage.
//
//   blobs.Pin(hashes);                           // garbage collection keeps off
//   blobs.Adopt(sha256, size, part);             // unless it is there
//   blobs.Give(sha256, staging / "config.json");
//   blobs.Unpin(hashes);
//
// Thread-safe; everything but Pin and Unpin waits for the disk. Sizes are believed, contents are
// not read: whoever adopts a file has hashed it.
#ifndef MODEL_STORE_STORE_BLOB_STORE_H_
#define MODEL_STORE_STORE_BLOB_STORE_H_

#include <atomic>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "model_store/store/file_system.h"
#include "model_store/store/store_layout.h"

namespace sta {

class BlobStore {
 public:
  // The references outlive the blobs.
  BlobStore(FileSystem& files, const StoreLayout& layout,
            std::function<void(const std::string&)> on_warning)
      : files_(files), layout_(layout), on_warning_(std::move(on_warning)) {}

  // Counted: as many Unpins as Pins.
  void Pin(const std::set<std::string>& hashes);
  void Unpin(const std::set<std::string>& hashes);

  // Whether there is a blob of this size. One of another size is damaged, and is none.
  absl::StatusOr<bool> Has(std::string_view sha256, int64_t size_bytes);

  // Makes `file`, which is read-only and synced, the blob; durable on return. The file may keep its
  // name or lose it. OK where the blob is there.
  absl::Status Adopt(std::string_view sha256, int64_t size_bytes, const FileSystem::Path& file);

  // One more name for the blob; on volumes without hard links a copy. The name is not synced.
  absl::Status Give(std::string_view sha256, const FileSystem::Path& to);

  // The blob is not shared any more, because it is damaged; who has it keeps it.
  absl::Status Forget(std::string_view sha256);

  // Removes blobs that are neither pinned nor named by a version: these, or all. What is in the
  // folder and is no blob goes too.
  absl::Status CollectGarbage(const std::set<std::string>& hashes);
  absl::Status CollectGarbage();

 private:
  absl::Status PutUnlessThere(std::string_view sha256, int64_t size_bytes,
                              const FileSystem::Path& file);
  absl::Status RemoveIfUnused(std::string_view sha256);
  absl::Status CollectFolder(const DirectoryEntry& folder);

  FileSystem& files_;
  const StoreLayout& layout_;
  const std::function<void(const std::string&)> on_warning_;
  std::atomic<bool> warned_of_copies_ = false;
  absl::Mutex mutex_;  // held while one blob is looked at and made or removed
  std::map<std::string, int, std::less<>> pins_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_BLOB_STORE_H_
