// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "model_store/store/file_error.h"
#include "model_store/store/posix_files.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using Path = FileSystem::Path;

FileKind KindOf(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::kFile;
  if (S_ISDIR(mode)) return FileKind::kDirectory;
  return S_ISLNK(mode) ? FileKind::kSymlink : FileKind::kOther;
}

absl::StatusOr<Descriptor> OpenDirectory(const Path& path, std::string_view attempt) {
  Descriptor descriptor(Uninterrupted(
      [&] { return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW); }));
  if (descriptor.number() < 0) return FileError(errno, attempt, path);
  return descriptor;
}

// OK where `result` says success; errno's Status else.
absl::Status Check(int result, std::string_view attempt, const Path& path) {
  return result == 0 ? absl::OkStatus() : FileError(errno, attempt, path);
}

// Not every file system knows the flag that keeps what is there; those have a moment in which
// somebody else could put an empty directory there that is then replaced: nothing is lost.
int RenameDirectory(const Path& from, const Path& to) {
  const int result = renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  if (result == 0 || (errno != EINVAL && errno != ENOSYS)) return result;
  struct stat status {};
  if (lstat(to.c_str(), &status) == 0) {
    errno = EEXIST;
    return -1;
  }
  return rename(from.c_str(), to.c_str());
}

}  // namespace

absl::StatusOr<FileInfo> PosixFileSystem::Stat(const Path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return FileError(errno, "stat", path);
  return FileInfo{.kind = KindOf(status.st_mode),
                  .size_bytes = status.st_size,
                  .link_count = static_cast<int64_t>(status.st_nlink),
                  .modified = absl::TimeFromTimespec(status.st_mtim)};
}

absl::StatusOr<std::vector<DirectoryEntry>> PosixFileSystem::List(const Path& directory) {
  absl::StatusOr<Descriptor> descriptor = OpenDirectory(directory, "list");
  if (!descriptor.ok()) return descriptor.status();
  DIR* stream = fdopendir(descriptor->number());
  if (stream == nullptr) return FileError(errno, "list", directory);
  descriptor->Release();  // the stream's from here on
  const absl::Cleanup close_stream = [stream] { closedir(stream); };

  std::vector<DirectoryEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(stream);  // NOLINT(concurrency-mt-unsafe): a stream of our own
    if (entry == nullptr && errno != 0) return FileError(errno, "list", directory);
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status {};
    if (entry->d_type != DT_UNKNOWN) {
      status.st_mode = DTTOIF(entry->d_type);
    } else if (fstatat(dirfd(stream), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // removed since
      return FileError(errno, "stat", directory / name);
    }
    entries.push_back({.name = name, .kind = KindOf(status.st_mode)});
  }
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  return entries;
}

absl::StatusOr<std::string> PosixFileSystem::ReadFile(const Path& path, int64_t max_bytes) {
  const absl::StatusOr<std::unique_ptr<ReadableFile>> file = OpenToRead(path);
  if (!file.ok()) return file.status();
  const int64_t size_bytes = (*file)->size_bytes();
  if (size_bytes > max_bytes) {
    return absl::DataLossError(StrCat("cannot read '", path.string(), "': its ", size_bytes,
                                      " bytes are over the limit of ", max_bytes));
  }
  std::string text(static_cast<size_t>(size_bytes), '\0');
  const absl::StatusOr<size_t> count = (*file)->ReadAt(0, std::as_writable_bytes(std::span(text)));
  if (!count.ok()) return count.status();
  text.resize(*count);
  return text;
}

absl::StatusOr<std::unique_ptr<ReadableFile>> PosixFileSystem::OpenToRead(const Path& path) {
  absl::StatusOr<Descriptor> descriptor = OpenRegularFile(path, O_RDONLY, 0);
  if (!descriptor.ok()) return descriptor.status();
  return MakeReadableFile(*std::move(descriptor), path);
}

absl::StatusOr<std::unique_ptr<WritableFile>> PosixFileSystem::Create(const Path& path) {
  absl::StatusOr<Descriptor> descriptor =
      OpenRegularFile(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL, 0644);
  if (!descriptor.ok()) return descriptor.status();
  return MakeWritableFile(*std::move(descriptor), path);
}

absl::StatusOr<std::unique_ptr<WritableFile>> PosixFileSystem::OpenToAppend(const Path& path) {
  absl::StatusOr<Descriptor> descriptor = OpenRegularFile(path, O_WRONLY | O_APPEND, 0);
  if (!descriptor.ok()) return descriptor.status();
  return MakeWritableFile(*std::move(descriptor), path);
}

absl::Status PosixFileSystem::CreateDirectory(const Path& path) {
  return Check(mkdir(path.c_str(), 0755), "make the directory", path);
}

absl::Status PosixFileSystem::Rename(const Path& from, const Path& to) {
  struct stat status {};
  if (lstat(from.c_str(), &status) != 0) return FileError(errno, "rename", from);
  const int result =
      S_ISDIR(status.st_mode) ? RenameDirectory(from, to) : rename(from.c_str(), to.c_str());
  return Check(result, StrCat("rename '", from.string(), "' to"), to);
}

absl::Status PosixFileSystem::Link(const Path& file, const Path& link) {
  // link(2) would give a symbolic link one more name.
  struct stat status {};
  if (lstat(file.c_str(), &status) != 0) return FileError(errno, "link", file);
  if (!S_ISREG(status.st_mode)) {
    return absl::DataLossError(StrCat("cannot link '", file.string(), "': not a regular file"));
  }
  return ::link(file.c_str(), link.c_str()) == 0 ? absl::OkStatus() : LinkError(errno, link);
}

absl::Status PosixFileSystem::RemoveFile(const Path& path) {
  return Check(unlink(path.c_str()), "remove", path);
}

absl::Status PosixFileSystem::RemoveDirectory(const Path& path) {
  return Check(rmdir(path.c_str()), "remove the directory", path);
}

absl::Status PosixFileSystem::SyncDirectory(const Path& directory) {
  const absl::StatusOr<Descriptor> descriptor = OpenDirectory(directory, "sync");
  if (!descriptor.ok()) return descriptor.status();
  const int result = Uninterrupted([&] { return fsync(descriptor->number()); });
  // Some network file systems have nothing to sync in a directory and say so like this.
  if (result != 0 && errno == EINVAL) return absl::OkStatus();
  return Check(result, "sync", directory);
}

absl::StatusOr<std::unique_ptr<FileLock>> PosixFileSystem::Lock(const Path& path) {
  absl::StatusOr<Descriptor> descriptor = OpenRegularFile(path, O_RDWR | O_CREAT, 0644);
  if (!descriptor.ok()) return descriptor.status();
  return LockFile(*std::move(descriptor), path);
}

absl::StatusOr<int64_t> PosixFileSystem::FreeBytes(const Path& path) {
  struct statvfs status {};
  if (Uninterrupted([&] { return statvfs(path.c_str(), &status); }) != 0) {
    return FileError(errno, "ask for the free space of", path);
  }
  // Saturates: some network file systems say that they are endless.
  uint64_t free_bytes = 0;
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  if (__builtin_mul_overflow(uint64_t{status.f_bavail}, uint64_t{status.f_frsize}, &free_bytes)) {
    free_bytes = kMost;
  }
  return static_cast<int64_t>(std::min(free_bytes, kMost));
}

}  // namespace sta
