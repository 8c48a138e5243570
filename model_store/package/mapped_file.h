// SPDX-License-Identifier: Apache-2.0
//
// MappedFile: a regular file mapped read-only. Symlinks are not followed, so that a package cannot
// point out of its directory. Immutable and thread-safe; the mapping lives as long as the object,
// and keeps the file open.
//
//   absl::StatusOr<std::unique_ptr<const MappedFile>> file = MappedFile::Open(path);
//   std::string copy((*file)->text());
//   if (absl::Status intact = (*file)->CheckIntact(); !intact.ok()) return intact;
//
// Nothing keeps others from writing to a file that is mapped. Whoever reads a mapping asks
// CheckIntact afterwards, before what was read is used: it may be zeros, where the file was cut
// short or its disk failed, or a mixture, where somebody wrote into it. Neither ends the process
// (mapping_guard.h).
#ifndef MODEL_STORE_PACKAGE_MAPPED_FILE_H_
#define MODEL_STORE_PACKAGE_MAPPED_FILE_H_

#include <sys/stat.h>

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/package/mapping_guard.h"

namespace sta {

class MappedFile {
 public:
  // NOT_FOUND: no such file; DATA_LOSS: a symlink, directory, FIFO, socket or device;
  // PERMISSION_DENIED and others as errno says. Messages name the file without its directory.
  // Never waits for the other end of a FIFO.
  static absl::StatusOr<std::unique_ptr<const MappedFile>> Open(const std::filesystem::path& path);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& name() const { return name_; }  // without its directory
  std::span<const std::byte> bytes() const { return bytes_; }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  // Whether all that was read so far is what the file held when it was opened: every page could be
  // read, and the file has the size and the time of modification that it had. One system call.
  // DATA_LOSS names the file, and comes back for good. Not seen: a writer that sets the time back,
  // or one so quick (10 ms before Linux 6.13) after the last write before Open that the time is the
  // same.
  absl::Status CheckIntact() const;
  // Whether CheckIntact has failed, or would because of a page; no system call.
  bool damaged() const;

 private:
  MappedFile(int descriptor, const struct stat& opened, std::string name,
             std::span<const std::byte> bytes);

  const int descriptor_;
  const struct stat opened_;
  const std::string name_;
  const std::span<const std::byte> bytes_;
  std::optional<MappingGuard> guard_;  // nothing where the file is empty
  mutable std::atomic<bool> changed_ = false;
};

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_MAPPED_FILE_H_
