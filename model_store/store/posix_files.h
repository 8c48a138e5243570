// SPDX-License-Identifier: Apache-2.0
//
// The open files of PosixFileSystem, and the descriptors in them. Private to
// posix_file_system.cc.
#ifndef MODEL_STORE_STORE_POSIX_FILES_H_
#define MODEL_STORE_STORE_POSIX_FILES_H_

#include <cerrno>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "model_store/store/file_system.h"

namespace sta {

// Repeats a system call for as long as signals interrupt it.
template <typename Call>
auto Uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// Owns a file descriptor; -1 is none.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { Close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  int number() const { return number_; }
  int Release() { return std::exchange(number_, -1); }
  // 0, or the errno. Never repeated: the number is free even after an error.
  int Close();

 private:
  int number_;
};

// Opens with `flags` and more: never through a symbolic link, without waiting for the other end of
// a FIFO, not handed on to children. What is not a regular file is refused.
absl::StatusOr<Descriptor> OpenRegularFile(const std::filesystem::path& path, int flags, int mode);

absl::StatusOr<std::unique_ptr<ReadableFile>> MakeReadableFile(Descriptor descriptor,
                                                               std::filesystem::path path);
absl::StatusOr<std::unique_ptr<WritableFile>> MakeWritableFile(Descriptor descriptor,
                                                               std::filesystem::path path);
// Takes the lock, see FileSystem::Lock.
absl::StatusOr<std::unique_ptr<FileLock>> LockFile(Descriptor descriptor,
                                                   const std::filesystem::path& path);

}  // namespace sta

#endif  // MODEL_STORE_STORE_POSIX_FILES_H_
