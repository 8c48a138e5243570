// SPDX-License-Identifier: Apache-2.0
//
// MappedFile: a regular file mapped read-only. Symlinks are not followed, so that a package cannot
// point out of its directory. Immutable and thread-safe; the mapping lives as long as the object.
// A file that shrinks while it is mapped raises SIGBUS on access: packages are immutable on disk.
#ifndef MODEL_STORE_PACKAGE_MAPPED_FILE_H_
#define MODEL_STORE_PACKAGE_MAPPED_FILE_H_

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"

namespace sta {

class MappedFile {
 public:
  // NOT_FOUND: no such file; DATA_LOSS: a symlink, directory or device; PERMISSION_DENIED and
  // others as errno says. Messages name the file without its directory.
  static absl::StatusOr<std::unique_ptr<const MappedFile>> Open(const std::filesystem::path& path);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_MAPPED_FILE_H_
