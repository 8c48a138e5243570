// SPDX-License-Identifier: Apache-2.0
//
// FileLock: a card, or the control socket, belongs to one process: whoever holds the lock of a
// file. The kernel gives it up when the process ends, however it ends.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_FILE_LOCK_H_
#define ACCEL_VIRTUAL_CARD_SHIM_FILE_LOCK_H_

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "strings/str_cat.h"

namespace sta::virtual_xrt {

class FileLock {
 public:
  // Never blocks. FAILED_PRECONDITION: another process has it; INTERNAL: the file cannot be made.
  static absl::StatusOr<std::unique_ptr<FileLock>> Acquire(const std::string& path) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) return absl::InternalError(StrCat("cannot open the lock file ", path));
    std::unique_ptr<FileLock> lock(new FileLock(file));
    if (flock(file, LOCK_EX | LOCK_NB) == 0) return lock;
    return absl::FailedPreconditionError(StrCat("another process has locked ", path));
  }

  ~FileLock() { close(file_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int file) : file_(file) {}

  const int file_;
};

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_FILE_LOCK_H_
