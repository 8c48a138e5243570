// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status OpenError(int error, const std::string& name) {
  if (error == ELOOP) return absl::DataLossError(StrCat("file '", name, "' is a symbolic link"));
  return absl::ErrnoToStatus(error, StrCat("cannot open file '", name, "'"));
}

absl::Status CheckKind(const struct stat& status, const std::string& name) {
  if (S_ISLNK(status.st_mode)) return OpenError(ELOOP, name);
  if (S_ISREG(status.st_mode)) return absl::OkStatus();
  return absl::DataLossError(StrCat("file '", name, "' is not a regular file"));
}

bool IsSameContent(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

absl::StatusOr<std::unique_ptr<const MappedFile>> MappedFile::Open(
    const std::filesystem::path& path) {
  std::string name = path.filename().string();
  struct stat status {};
  // Before it is opened: to open a device may already do something.
  if (lstat(path.c_str(), &status) != 0) return OpenError(errno, name);
  if (absl::Status kind = CheckKind(status, name); !kind.ok()) return kind;
  // It may be another one by now. O_NONBLOCK: opening a FIFO must not hang.
  const int descriptor =
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return OpenError(errno, name);
  absl::Cleanup close_descriptor = [descriptor] { close(descriptor); };
  if (fstat(descriptor, &status) != 0) return OpenError(errno, name);
  if (absl::Status kind = CheckKind(status, name); !kind.ok()) return kind;
  std::span<const std::byte> bytes;
  if (status.st_size > 0) {  // mmap refuses empty mappings
    const auto size = static_cast<size_t>(status.st_size);
    void* address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (address == MAP_FAILED) return OpenError(errno, name);
    bytes = {static_cast<const std::byte*>(address), size};
  }
  std::move(close_descriptor).Cancel();
  return std::unique_ptr<const MappedFile>(
      new MappedFile(descriptor, status, std::move(name), bytes));
}

MappedFile::MappedFile(int descriptor, const struct stat& opened, std::string name,
                       std::span<const std::byte> bytes)
    : descriptor_(descriptor), opened_(opened), name_(std::move(name)), bytes_(bytes) {
  if (!bytes_.empty()) guard_.emplace(bytes_);
}

MappedFile::~MappedFile() {
  guard_.reset();
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  close(descriptor_);
}

bool MappedFile::damaged() const {
  return changed_.load(std::memory_order_relaxed) || (guard_.has_value() && guard_->faulted());
}

absl::Status MappedFile::CheckIntact() const {
  // A file that is cut short loses its size before its bytes, so what this thread has read and was
  // zeros already is seen here. Only whole pages beyond the end fault.
  if (!damaged()) {
    struct stat now {};
    if (fstat(descriptor_, &now) == 0 && IsSameContent(now, opened_)) return absl::OkStatus();
    changed_.store(true, std::memory_order_relaxed);
  }
  return absl::DataLossError(
      StrCat("file '", name_, "' was cut short, changed or unreadable while it was in use"));
}

}  // namespace sta
