// SPDX-License-Identifier: Apache-2.0
//
// PosixFileSystem: FileSystem on the operating system's files. It has no state: any number of
// objects may be made, and all see the same files.
//
//   PosixFileSystem files;
//   absl::StatusOr<std::unique_ptr<FileLock>> lock = files.Lock("/models/.sta/lock");
//
// Locks are flock(2)'s: two objects of one process exclude each other as two processes do.
#ifndef MODEL_STORE_STORE_POSIX_FILE_SYSTEM_H_
#define MODEL_STORE_STORE_POSIX_FILE_SYSTEM_H_

#include "model_store/store/file_system.h"

namespace sta {

class PosixFileSystem final : public FileSystem {
 public:
  absl::StatusOr<FileInfo> Stat(const Path& path) override;
  absl::StatusOr<std::vector<DirectoryEntry>> List(const Path& directory) override;
  absl::StatusOr<std::string> ReadFile(const Path& path, int64_t max_bytes) override;
  absl::StatusOr<std::unique_ptr<ReadableFile>> OpenToRead(const Path& path) override;
  absl::StatusOr<std::unique_ptr<WritableFile>> Create(const Path& path) override;
  absl::StatusOr<std::unique_ptr<WritableFile>> OpenToAppend(const Path& path) override;
  absl::Status CreateDirectory(const Path& path) override;
  absl::Status Rename(const Path& from, const Path& to) override;
  absl::Status Link(const Path& file, const Path& link) override;
  absl::Status RemoveFile(const Path& path) override;
  absl::Status RemoveDirectory(const Path& path) override;
  absl::Status SyncDirectory(const Path& directory) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const Path& path) override;
  absl::StatusOr<int64_t> FreeBytes(const Path& path) override;
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_POSIX_FILE_SYSTEM_H_
