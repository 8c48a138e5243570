// SPDX-License-Identifier: Apache-2.0
//
// SimulatedFileSystem: FileSystem in memory, for tests of what happens when disks fail and power is
// cut. It keeps what is durable apart from what is not (simulated_disk.h), counts calls, and fails
// one of them, or from one on, as the test says.
//
//   SimulatedFileSystem files(clock);
//   files.SetFault({.kind = FaultKind::kCrash, .call = 17});    // the power is cut before call 17
//   RunScript(files);
//   std::unique_ptr<SimulatedFileSystem> found = files.AfterCrash({CrashOutcome::Kind::kKeepAll});
//   RecoverAndCheck(*found);                                    // a machine that has power again
//
// Every method of FileSystem and of its files is a call, numbered from 1 on; destructors and the
// methods of this class are none. A file system whose power was cut does nothing and fails all
// calls with ABORTED. Beyond FileSystem's contract the simulation is strict: bytes whose Sync
// failed never reach the disk by a later Sync.
//
// Thread-safe.
#ifndef TESTS_SUPPORT_SIMULATED_FILE_SYSTEM_H_
#define TESTS_SUPPORT_SIMULATED_FILE_SYSTEM_H_

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "accel/device_pool/clock.h"
#include "model_store/store/file_system.h"
#include "tests/support/simulated_disk.h"

namespace sta {

enum class FaultKind {
  kNone,
  kError,       // the call does nothing and fails with `error_number`
  kErrorsOn,    // so do it and all after it
  kShortWrite,  // if it is an Append: it writes half and fails with `error_number`
  kCrash,       // the power is cut before it
};

struct Fault {
  FaultKind kind = FaultKind::kNone;
  int64_t call = 0;  // numbered as calls() counts
  int error_number = 0;
};

class SimulatedFileSystem final : public FileSystem {
 public:
  explicit SimulatedFileSystem(Clock& clock) : SimulatedFileSystem(clock, SimulatedDisk()) {}

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

  // Calls so far.
  int64_t calls() const;
  void SetFault(const Fault& fault);
  // The first call that the fault struck, "Append /store/x"; empty if it has struck none.
  std::string struck() const;

  // The volume: how many bytes of files it holds, whether it may be written (EROFS) and links made
  // (EPERM).
  void SetCapacity(int64_t bytes);
  void SetReadOnlyVolume(bool read_only);
  void SetHardLinks(bool possible);
  bool has_hard_links() const;
  // Calls on what is at or below `path` fail with EACCES; an empty path allows everything again.
  void Deny(std::string_view path);

  // Puts things there as somebody else would, with the directories above them. After each of these
  // all that is on the disk is durable. A file that is there gets other bytes under all its names.
  void PutFile(std::string_view path, std::string_view bytes);
  void PutDirectory(std::string_view path);
  void PutSymlink(std::string_view path);
  void PutFifo(std::string_view path);
  // `rm -r`.
  void RemoveAll(std::string_view path);

  // Every path with its bytes; a directory ends in a slash.
  std::map<std::string, std::string> Tree() const;

  // What a machine finds after a power cut: at the crash, or now.
  std::unique_ptr<SimulatedFileSystem> AfterCrash(const CrashOutcome& outcome) const;

 private:
  friend class SimulatedReadableFile;
  friend class SimulatedWritableFile;
  friend class SimulatedFileLock;

  enum class Access { kRead, kWrite };

  SimulatedFileSystem(Clock& clock, SimulatedDisk disk);

  // Counts a call. OK: it may go on.
  absl::Status Begin(std::string_view call, const Path& path, Access access)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The errno that the fault gives this call, 0 for none.
  int Strike(std::string_view call, const Path& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Begin, then what is there: an error where nothing is, or something above is no directory.
  absl::StatusOr<SimulatedDisk::Place> BeginAt(std::string_view call, const Path& path,
                                               Access access) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // BeginAt for a name that must be free.
  absl::StatusOr<SimulatedDisk::Place> BeginAtFree(std::string_view call, const Path& path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int64_t FreeBytesNow() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  SimulatedDisk::Node MakeNode(FileKind kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PutNode(std::string_view path, FileKind kind, std::string_view bytes);
  void Touch(DiskNode& node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Clock& clock_;
  mutable absl::Mutex mutex_;
  SimulatedDisk disk_ ABSL_GUARDED_BY(mutex_);
  int64_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  Fault fault_ ABSL_GUARDED_BY(mutex_);
  std::string struck_ ABSL_GUARDED_BY(mutex_);
  bool has_power_ ABSL_GUARDED_BY(mutex_) = true;
  int64_t capacity_bytes_ ABSL_GUARDED_BY(mutex_) = std::numeric_limits<int64_t>::max();
  bool read_only_ ABSL_GUARDED_BY(mutex_) = false;
  bool hard_links_ ABSL_GUARDED_BY(mutex_) = true;
  std::string denied_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // TESTS_SUPPORT_SIMULATED_FILE_SYSTEM_H_
