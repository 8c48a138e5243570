// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/package_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "model_store/package/sha256.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status WriteSyncedFile(const std::filesystem::path& path, std::string_view content) {
  const std::string what = StrCat("cannot write file '", path.filename().string(), "'");
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) return absl::ErrnoToStatus(errno, what);
  const absl::Cleanup close_descriptor = [descriptor] { close(descriptor); };
  while (!content.empty()) {
    const ssize_t written = write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, what);
    content.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(descriptor) != 0) return absl::ErrnoToStatus(errno, what);
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::filesystem::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return absl::ErrnoToStatus(errno, "cannot open the directory to sync it");
  const absl::Cleanup close_descriptor = [descriptor] { close(descriptor); };
  if (fsync(descriptor) != 0) return absl::ErrnoToStatus(errno, "cannot sync the directory");
  return absl::OkStatus();
}

// "a/b/" has an empty file name; its parent is "a/b".
std::filesystem::path TargetOf(const std::filesystem::path& directory) {
  return directory.has_filename() ? directory : directory.parent_path();
}

}  // namespace

absl::Status AddManifest(Manifest manifest, FileMap& files) {
  for (const auto& [name, content] : files) {
    manifest.files[name] = {.size_bytes = std::ssize(content), .sha256 = Sha256Hex(content)};
  }
  absl::StatusOr<std::string> text = FormatManifest(manifest);
  if (!text.ok()) return text.status();
  files[std::string(kManifestFile)] = *std::move(text);
  return absl::OkStatus();
}

absl::Status CheckIsFree(const std::filesystem::path& directory) {
  const std::filesystem::path target = TargetOf(directory);
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(target, error))) {
    return absl::OkStatus();
  }
  return absl::AlreadyExistsError(
      StrCat("'", target.string(), "' exists; choose another place or remove it"));
}

absl::Status WritePackageDirectory(const FileMap& files, const std::filesystem::path& directory) {
  if (absl::Status is_free = CheckIsFree(directory); !is_free.ok()) return is_free;
  const std::filesystem::path target = TargetOf(directory);
  const std::filesystem::path parent =
      target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  if (error) {
    return absl::FailedPreconditionError(
        StrCat("cannot make directory '", parent.string(), "': ", error.message()));
  }
  // A leading dot: stores and readers skip it.
  std::string staging =
      (parent / StrCat(".", target.filename().string(), ".staging.XXXXXX")).string();
  if (mkdtemp(staging.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, StrCat("cannot make a directory in '", parent.string(), "'"));
  }
  absl::Cleanup remove_staging = [&staging] {
    std::error_code ignored;
    std::filesystem::remove_all(staging, ignored);
  };
  std::filesystem::permissions(staging, std::filesystem::perms(0755), error);
  for (const auto& [name, content] : files) {
    absl::Status written = WriteSyncedFile(std::filesystem::path(staging) / name, content);
    if (!written.ok()) return written;
  }
  if (absl::Status synced = SyncDirectory(staging); !synced.ok()) return synced;
  std::filesystem::rename(staging, target, error);  // fails where the target is a full directory
  if (error) {
    return absl::AlreadyExistsError(
        StrCat("cannot put the package at '", target.string(), "': ", error.message()));
  }
  std::move(remove_staging).Cancel();
  return SyncDirectory(parent);
}

}  // namespace sta
