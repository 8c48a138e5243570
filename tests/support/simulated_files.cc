// SPDX-License-Identifier: Apache-2.0
#include "tests/support/simulated_files.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "model_store/store/file_error.h"
#include "strings/str_cat.h"

namespace sta {

SimulatedReadableFile::SimulatedReadableFile(SimulatedFileSystem& files, FileSystem::Path path,
                                             SimulatedDisk::Node node)
    : files_(files),
      path_(std::move(path)),
      node_(std::move(node)),
      size_bytes_(static_cast<int64_t>(node_->bytes.size())) {}

absl::StatusOr<size_t> SimulatedReadableFile::ReadAt(int64_t offset,
                                                     std::span<std::byte> bytes) const {
  const absl::MutexLock lock(&files_.mutex_);
  const absl::Status status = files_.Begin("ReadAt", path_, SimulatedFileSystem::Access::kRead);
  if (!status.ok()) return status;
  const auto all = std::as_bytes(std::span(node_->bytes));
  const size_t from = std::min(static_cast<size_t>(offset), all.size());
  const auto found = all.subspan(from, std::min(bytes.size(), all.size() - from));
  std::ranges::copy(found, bytes.begin());
  return found.size();
}

SimulatedWritableFile::SimulatedWritableFile(SimulatedFileSystem& files, FileSystem::Path path,
                                             SimulatedDisk::Node node)
    : files_(files), path_(std::move(path)), node_(std::move(node)) {}

absl::Status SimulatedWritableFile::Append(std::span<const std::byte> bytes) {
  const absl::MutexLock lock(&files_.mutex_);
  const bool is_short =
      files_.fault_.kind == FaultKind::kShortWrite && files_.fault_.call == files_.calls_ + 1;
  absl::Status status = files_.Begin("Append", path_, SimulatedFileSystem::Access::kWrite);
  if (!status.ok() && !is_short) return status;
  size_t count = is_short ? bytes.size() / 2 : bytes.size();
  const auto free_bytes = static_cast<size_t>(files_.FreeBytesNow());
  if (count > free_bytes) {
    count = free_bytes;
    status = FileError(ENOSPC, "Append", path_);
  }
  node_->bytes.append(reinterpret_cast<const char*>(bytes.data()), count);
  files_.Touch(*node_);
  return status;
}

absl::Status SimulatedWritableFile::Sync() {
  const absl::MutexLock lock(&files_.mutex_);
  absl::Status status = files_.Begin("Sync", path_, SimulatedFileSystem::Access::kWrite);
  if (status.ok()) {
    SimulatedDisk::SyncFile(*node_);
  } else if (files_.has_power_) {
    SimulatedDisk::SyncFailed(*node_);
  }
  return status;
}

absl::Status SimulatedWritableFile::Truncate(int64_t size_bytes) {
  const absl::MutexLock lock(&files_.mutex_);
  absl::Status status = files_.Begin("Truncate", path_, SimulatedFileSystem::Access::kWrite);
  if (!status.ok()) return status;
  const auto present_bytes = static_cast<int64_t>(node_->bytes.size());
  if (size_bytes < 0 || size_bytes > present_bytes) {
    return absl::InvalidArgumentError(StrCat("cannot cut '", path_.string(), "' to ", size_bytes,
                                             " bytes: it has ", present_bytes));
  }
  SimulatedDisk::CutFile(*node_, static_cast<size_t>(size_bytes));
  files_.Touch(*node_);
  return status;
}

absl::Status SimulatedWritableFile::MakeReadOnly() {
  const absl::MutexLock lock(&files_.mutex_);
  absl::Status status = files_.Begin("MakeReadOnly", path_, SimulatedFileSystem::Access::kWrite);
  if (status.ok()) node_->read_only = true;
  return status;
}

absl::Status SimulatedWritableFile::Close() {
  const absl::MutexLock lock(&files_.mutex_);
  return files_.Begin("Close", path_, SimulatedFileSystem::Access::kRead);
}

int64_t SimulatedWritableFile::size_bytes() const {
  const absl::MutexLock lock(&files_.mutex_);
  return static_cast<int64_t>(node_->bytes.size());
}

SimulatedFileLock::~SimulatedFileLock() {
  const absl::MutexLock lock(&files_.mutex_);
  node_->locked = false;
}

}  // namespace sta
