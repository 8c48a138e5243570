// SPDX-License-Identifier: Apache-2.0
//
// FileSystem: all that the store asks of a disk, as one interface, so that tests can fail any call
// and cut the power at any point (tests/support/simulated_file_system.h). PosixFileSystem
// (posix_file_system.h) is the real one.
//
//   absl::StatusOr<std::unique_ptr<WritableFile>> file = files.Create(part);
//   (*file)->Append(bytes); (*file)->Sync(); (*file)->Close();   // each returns a Status
//   files.SyncDirectory(part.parent_path());                     // only now is the name durable
//
// What is durable. The bytes of a file, its length and its mode are, once Sync returned OK; a name
// (created, linked, renamed, removed) is, once SyncDirectory of its directory returned OK, for a
// rename of both directories. Until then a power cut may keep or lose each of these on its own:
// the new name of a rename without the removal of the old, a name whose file is empty.
//
// What is at a path. The last component of a path is never followed if it is a symbolic link: Stat
// tells that it is one, everything that opens refuses it. The directories above it are followed,
// and so is a last component with a slash behind it: "/models/" is the directory that a link
// /models points to. Devices, FIFOs and sockets are refused without waiting for their other end.
//
// Statuses, the same for every call; a message names the attempt and the path:
//   NOT_FOUND            ENOENT
//   ALREADY_EXISTS       EEXIST, ENOTEMPTY
//   RESOURCE_EXHAUSTED   ENOSPC, EDQUOT, EFBIG, EMFILE, ENFILE, ENOMEM
//   FAILED_PRECONDITION  EROFS, and nothing else: this is how a read-only volume is told
//   PERMISSION_DENIED    EACCES, EPERM
//   INVALID_ARGUMENT     ENAMETOOLONG; an argument that a comment below excludes
//   DATA_LOSS            EIO, EUCLEAN, EBADMSG; something else lies there than what was asked for:
//                        ELOOP (a symbolic link), ENOTDIR, EISDIR, ENXIO (a device)
//   INTERNAL             any other errno
// A call that failed may have done its work in part where its comment says so; else it did nothing.
//
// Thread-safe; calls block. Files outlive nothing: destroy them before their FileSystem.
#ifndef MODEL_STORE_STORE_FILE_SYSTEM_H_
#define MODEL_STORE_STORE_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sta {

enum class FileKind { kFile, kDirectory, kSymlink, kOther };

struct FileInfo {
  FileKind kind = FileKind::kFile;
  int64_t size_bytes = 0;  // of a file
  int64_t link_count = 0;  // names of a file
  absl::Time modified;     // when its bytes, or a directory's entries, last changed
};

struct DirectoryEntry {
  std::string name;
  FileKind kind = FileKind::kFile;
};

// A regular file. Thread-safe.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;

  // Fills `bytes` from `offset` (not negative) on; returns how many there were. Fewer than asked
  // for means that the file ends there, 0 that it ends at or before `offset`.
  virtual absl::StatusOr<size_t> ReadAt(int64_t offset, std::span<std::byte> bytes) const = 0;

  // When it was opened.
  virtual int64_t size_bytes() const = 0;
};

// A regular file that grows at its end. For one thread at a time. The destructor closes without
// syncing. After an error of Sync the bytes since the last good Sync may be lost even if a later
// Sync returns OK: write them again, or give the file up.
class WritableFile {
 public:
  virtual ~WritableFile() = default;

  // All of `bytes`, or an error after a part of them; size_bytes() tells how much got there.
  virtual absl::Status Append(std::span<const std::byte> bytes) = 0;
  // The file's bytes, length and mode survive a power cut from here on; its name may not.
  virtual absl::Status Sync() = 0;
  // Cuts the file to `size_bytes`, which may not be over the present size (INVALID_ARGUMENT).
  virtual absl::Status Truncate(int64_t size_bytes) = 0;
  // Mode 0444: nobody but root opens it for writing again. This object still writes.
  virtual absl::Status MakeReadOnly() = 0;
  // To be called once, as the last call. The file is closed whatever it returns.
  virtual absl::Status Close() = 0;

  // All bytes in the file, also those that were there when it was opened.
  virtual int64_t size_bytes() const = 0;
};

// Held until destroyed, or until the process ends in any way.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class FileSystem {
 public:
  using Path = std::filesystem::path;

  virtual ~FileSystem() = default;

  virtual absl::StatusOr<FileInfo> Stat(const Path& path) = 0;
  // What is in a directory but "." and "..", sorted by name. A name is whatever bytes somebody put
  // there.
  virtual absl::StatusOr<std::vector<DirectoryEntry>> List(const Path& directory) = 0;
  // A whole file; DATA_LOSS if it has more than `max_bytes`.
  virtual absl::StatusOr<std::string> ReadFile(const Path& path, int64_t max_bytes) = 0;
  virtual absl::StatusOr<std::unique_ptr<ReadableFile>> OpenToRead(const Path& path) = 0;

  // An empty file of mode 0644 at a free name; ALREADY_EXISTS whatever is there.
  virtual absl::StatusOr<std::unique_ptr<WritableFile>> Create(const Path& path) = 0;
  // An existing file; PERMISSION_DENIED once it was made read-only.
  virtual absl::StatusOr<std::unique_ptr<WritableFile>> OpenToAppend(const Path& path) = 0;
  // One directory of mode 0755, not those above it; ALREADY_EXISTS whatever is there.
  virtual absl::Status CreateDirectory(const Path& path) = 0;
  // In one step, within one volume. A file takes the place of a file at `to`; a directory never
  // replaces anything (ALREADY_EXISTS, also if an empty directory is there).
  virtual absl::Status Rename(const Path& from, const Path& to) = 0;
  // One more name for a file. ALREADY_EXISTS: something is at `link`. UNIMPLEMENTED: this volume
  // can not, or not once more (EPERM, EMLINK, EOPNOTSUPP, EXDEV): copy.
  virtual absl::Status Link(const Path& file, const Path& link) = 0;
  // A name that is no directory's; a symbolic link is removed itself.
  virtual absl::Status RemoveFile(const Path& path) = 0;
  // An empty one; ALREADY_EXISTS if something is in it.
  virtual absl::Status RemoveDirectory(const Path& path) = 0;
  // The names in it survive a power cut from here on.
  virtual absl::Status SyncDirectory(const Path& directory) = 0;

  // Takes the lock that is the file `path`, made if it is not there; the holder's process id is
  // written into it for people. Not waited for. UNAVAILABLE: somebody has it, this process or
  // "process N", as the message says. The file stays when the lock is given back.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(const Path& path) = 0;

  // What this process may still write on the volume of `path`, which exists.
  virtual absl::StatusOr<int64_t> FreeBytes(const Path& path) = 0;
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_FILE_SYSTEM_H_
