// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status ErrnoStatus(int error, const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  if (error == ELOOP) return absl::DataLossError(StrCat("file '", name, "' is a symbolic link"));
  return absl::ErrnoToStatus(error, StrCat("cannot open file '", name, "'"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<const MappedFile>> MappedFile::Open(
    const std::filesystem::path& path) {
  // O_NONBLOCK: opening a FIFO must not hang.
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return ErrnoStatus(errno, path);
  const absl::Cleanup close_descriptor = [descriptor] { close(descriptor); };
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return ErrnoStatus(errno, path);
  if (!S_ISREG(status.st_mode)) {
    return absl::DataLossError(
        StrCat("file '", path.filename().string(), "' is not a regular file"));
  }
  std::span<const std::byte> bytes;
  if (status.st_size > 0) {  // mmap refuses empty mappings
    const auto size = static_cast<size_t>(status.st_size);
    void* address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (address == MAP_FAILED) return ErrnoStatus(errno, path);
    bytes = {static_cast<const std::byte*>(address), size};
  }
  return std::unique_ptr<const MappedFile>(new MappedFile(bytes));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace sta
