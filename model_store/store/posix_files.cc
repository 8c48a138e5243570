// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/posix_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string>

#include "model_store/store/file_error.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using Path = std::filesystem::path;

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(Descriptor descriptor, Path path, int64_t size_bytes)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), size_bytes_(size_bytes) {}

  absl::StatusOr<size_t> ReadAt(int64_t offset, std::span<std::byte> bytes) const override {
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count = Uninterrupted([&] {
        return pread(descriptor_.number(), bytes.data() + done, bytes.size() - done,
                     offset + static_cast<int64_t>(done));
      });
      if (count < 0) return FileError(errno, "read", path_);
      if (count == 0) break;
      done += static_cast<size_t>(count);
    }
    return done;
  }

  int64_t size_bytes() const override { return size_bytes_; }

 private:
  const Descriptor descriptor_;
  const Path path_;
  const int64_t size_bytes_;
};

constexpr int64_t kStartWritingBytes = int64_t{8} << 20;

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(Descriptor descriptor, Path path, int64_t size_bytes)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), size_bytes_(size_bytes) {}

  absl::Status Append(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t count =
          Uninterrupted([&] { return write(descriptor_.number(), bytes.data(), bytes.size()); });
      if (count < 0) return FileError(errno, "write to", path_);
      size_bytes_ += count;
      bytes = bytes.subspan(static_cast<size_t>(count));
    }
    StartWriting();
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    // Not fdatasync: that would leave the mode behind.
    return Check(Uninterrupted([&] { return fsync(descriptor_.number()); }), "sync");
  }

  absl::Status Truncate(int64_t size_bytes) override {
    if (size_bytes < 0 || size_bytes > size_bytes_) {
      return absl::InvalidArgumentError(StrCat("cannot cut '", path_.string(), "' to ", size_bytes,
                                               " bytes: it has ", size_bytes_));
    }
    const absl::Status status =
        Check(Uninterrupted([&] { return ftruncate(descriptor_.number(), size_bytes); }), "cut");
    if (status.ok()) size_bytes_ = size_bytes;
    started_bytes_ = std::min(started_bytes_, size_bytes_);
    return status;
  }

  absl::Status MakeReadOnly() override {
    return Check(Uninterrupted([&] { return fchmod(descriptor_.number(), 0444); }),
                 "make read-only");
  }

  absl::Status Close() override {
    const int error_number = descriptor_.Close();
    return error_number == 0 ? absl::OkStatus() : FileError(error_number, "close", path_);
  }

  int64_t size_bytes() const override { return size_bytes_; }

 private:
  absl::Status Check(int result, std::string_view attempt) const {
    return result == 0 ? absl::OkStatus() : FileError(errno, attempt, path_);
  }

  // The disk begins with what is there while more comes, so that Sync has less to wait for. A hint:
  // errors are Sync's to tell.
  void StartWriting() {
    if (size_bytes_ - started_bytes_ < kStartWritingBytes) return;
    sync_file_range(descriptor_.number(), started_bytes_, size_bytes_ - started_bytes_,
                    SYNC_FILE_RANGE_WRITE);
    started_bytes_ = size_bytes_;
  }

  Descriptor descriptor_;
  const Path path_;
  int64_t size_bytes_;
  int64_t started_bytes_ = size_bytes_;  // so many are written or being written
};

// Closing the descriptor gives the lock back.
class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;
};

absl::StatusOr<int64_t> SizeOf(const Descriptor& descriptor, const Path& path) {
  struct stat status {};
  if (fstat(descriptor.number(), &status) != 0) return FileError(errno, "stat", path);
  return status.st_size;
}

// What the holder wrote into its lock file; it may just be writing it.
std::string HolderOf(const Descriptor& descriptor) {
  char text[20];
  const ssize_t count = pread(descriptor.number(), text, sizeof(text), 0);
  std::string digits;
  for (ssize_t i = 0; i < count && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? "another process" : StrCat("process ", digits);
}

}  // namespace

int Descriptor::Close() {
  const int number = Release();
  return number < 0 || close(number) == 0 ? 0 : errno;
}

absl::StatusOr<Descriptor> OpenRegularFile(const Path& path, int flags, int mode) {
  Descriptor descriptor(Uninterrupted(
      [&] { return open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode); }));
  if (descriptor.number() < 0) return FileError(errno, "open", path);
  struct stat status {};
  if (fstat(descriptor.number(), &status) != 0) return FileError(errno, "stat", path);
  if (!S_ISREG(status.st_mode)) {
    return absl::DataLossError(StrCat("cannot open '", path.string(), "': not a regular file"));
  }
  return descriptor;
}

absl::StatusOr<std::unique_ptr<ReadableFile>> MakeReadableFile(Descriptor descriptor, Path path) {
  const absl::StatusOr<int64_t> size_bytes = SizeOf(descriptor, path);
  if (!size_bytes.ok()) return size_bytes.status();
  return std::make_unique<PosixReadableFile>(std::move(descriptor), std::move(path), *size_bytes);
}

absl::StatusOr<std::unique_ptr<WritableFile>> MakeWritableFile(Descriptor descriptor, Path path) {
  const absl::StatusOr<int64_t> size_bytes = SizeOf(descriptor, path);
  if (!size_bytes.ok()) return size_bytes.status();
  return std::make_unique<PosixWritableFile>(std::move(descriptor), std::move(path), *size_bytes);
}

absl::StatusOr<std::unique_ptr<FileLock>> LockFile(Descriptor descriptor, const Path& path) {
  if (Uninterrupted([&] { return flock(descriptor.number(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) return FileError(errno, "lock", path);
    return absl::UnavailableError(
        StrCat("cannot lock '", path.string(), "': ", HolderOf(descriptor), " holds it"));
  }
  // The number is a courtesy: a full disk keeps nobody from holding the lock.
  const std::string holder = StrCat(getpid(), "\n");
  if (ftruncate(descriptor.number(), 0) == 0) {
    [[maybe_unused]] const ssize_t count =
        pwrite(descriptor.number(), holder.data(), holder.size(), 0);
  }
  return std::make_unique<PosixFileLock>(std::move(descriptor));
}

}  // namespace sta
