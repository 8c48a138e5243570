// SPDX-License-Identifier: Apache-2.0
#include "tests/support/simulated_file_system.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "model_store/store/file_error.h"
#include "strings/str_cat.h"
#include "tests/support/simulated_files.h"

namespace sta {
namespace {

using Node = SimulatedDisk::Node;
using Place = SimulatedDisk::Place;

bool IsAtOrBelow(std::string_view path, std::string_view top) {
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

// Why a node cannot be opened as a file; 0 if it can.
int WhyNoFile(const DiskNode& node) {
  switch (node.kind) {
    case FileKind::kFile:
      return 0;
    case FileKind::kDirectory:
      return EISDIR;
    case FileKind::kSymlink:
      return ELOOP;
    case FileKind::kOther:
      break;
  }
  return ENXIO;
}

}  // namespace

SimulatedFileSystem::SimulatedFileSystem(Clock& clock, SimulatedDisk disk)
    : clock_(clock), disk_(std::move(disk)) {}

int SimulatedFileSystem::Strike(std::string_view call, const Path& path) {
  const bool is_call = calls_ == fault_.call;
  const bool is_after = fault_.kind == FaultKind::kErrorsOn && calls_ > fault_.call;
  if (fault_.kind == FaultKind::kNone || (!is_call && !is_after)) return 0;
  if (fault_.kind == FaultKind::kShortWrite && call != "Append") return 0;
  if (fault_.kind == FaultKind::kCrash) has_power_ = false;
  if (struck_.empty()) struck_ = StrCat(call, " ", path.string());
  return fault_.error_number;
}

absl::Status SimulatedFileSystem::Begin(std::string_view call, const Path& path, Access access) {
  ++calls_;
  int error_number = has_power_ ? Strike(call, path) : 0;
  if (!has_power_) return absl::AbortedError("the power was cut");
  if (error_number == 0 && access == Access::kWrite && read_only_) error_number = EROFS;
  if (error_number == 0 && !denied_.empty() && IsAtOrBelow(path.native(), denied_)) {
    error_number = EACCES;
  }
  return error_number == 0 ? absl::OkStatus() : FileError(error_number, call, path);
}

absl::StatusOr<Place> SimulatedFileSystem::BeginAt(std::string_view call, const Path& path,
                                                   Access access) {
  absl::Status status = Begin(call, path, access);
  if (!status.ok()) return status;
  Place place;
  int error_number = disk_.Locate(path.native(), place);
  if (error_number == 0 && place.node == nullptr) error_number = ENOENT;
  if (error_number != 0) return FileError(error_number, call, path);
  return place;
}

absl::StatusOr<Place> SimulatedFileSystem::BeginAtFree(std::string_view call, const Path& path) {
  absl::Status status = Begin(call, path, Access::kWrite);
  if (!status.ok()) return status;
  Place place;
  int error_number = disk_.Locate(path.native(), place);
  if (error_number == 0 && place.node != nullptr) error_number = EEXIST;
  if (error_number == 0 && FreeBytesNow() == 0) error_number = ENOSPC;
  if (error_number != 0) return FileError(error_number, call, path);
  return place;
}

int64_t SimulatedFileSystem::FreeBytesNow() const {
  constexpr int64_t kEndless = std::numeric_limits<int64_t>::max();
  if (capacity_bytes_ == kEndless) return kEndless;
  return std::max<int64_t>(0, capacity_bytes_ - disk_.UsedBytes());
}

Node SimulatedFileSystem::MakeNode(FileKind kind) {
  const Node node = std::make_shared<DiskNode>();
  node->kind = kind;
  Touch(*node);
  return node;
}

void SimulatedFileSystem::Touch(DiskNode& node) { node.modified = clock_.Now(); }

absl::StatusOr<FileInfo> SimulatedFileSystem::Stat(const Path& path) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Place> place = BeginAt("Stat", path, Access::kRead);
  if (!place.ok()) return place.status();
  const DiskNode& node = *place->node;
  return FileInfo{.kind = node.kind,
                  .size_bytes = static_cast<int64_t>(node.bytes.size()),
                  .link_count = node.link_count,
                  .modified = node.modified};
}

absl::StatusOr<std::vector<DirectoryEntry>> SimulatedFileSystem::List(const Path& directory) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Place> place = BeginAt("List", directory, Access::kRead);
  if (!place.ok()) return place.status();
  if (place->node->kind != FileKind::kDirectory) return FileError(ENOTDIR, "List", directory);
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, node] : place->node->entries) entries.push_back({name, node->kind});
  return entries;
}

absl::StatusOr<std::string> SimulatedFileSystem::ReadFile(const Path& path, int64_t max_bytes) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Place> place = BeginAt("ReadFile", path, Access::kRead);
  if (!place.ok()) return place.status();
  if (const int why = WhyNoFile(*place->node); why != 0) return FileError(why, "ReadFile", path);
  if (static_cast<int64_t>(place->node->bytes.size()) > max_bytes) {
    return absl::DataLossError(StrCat("cannot read '", path.string(), "': over ", max_bytes));
  }
  return place->node->bytes;
}

absl::StatusOr<std::unique_ptr<ReadableFile>> SimulatedFileSystem::OpenToRead(const Path& path) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Place> place = BeginAt("OpenToRead", path, Access::kRead);
  if (!place.ok()) return place.status();
  if (const int why = WhyNoFile(*place->node); why != 0) return FileError(why, "OpenToRead", path);
  return std::make_unique<SimulatedReadableFile>(*this, path, place->node);
}

absl::StatusOr<std::unique_ptr<WritableFile>> SimulatedFileSystem::Create(const Path& path) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Place> place = BeginAtFree("Create", path);
  if (!place.ok()) return place.status();
  const Node node = MakeNode(FileKind::kFile);
  disk_.Put(*place, node);
  Touch(*place->directory);
  return std::make_unique<SimulatedWritableFile>(*this, path, node);
}

absl::StatusOr<std::unique_ptr<WritableFile>> SimulatedFileSystem::OpenToAppend(const Path& path) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Place> place = BeginAt("OpenToAppend", path, Access::kWrite);
  if (!place.ok()) return place.status();
  int why = WhyNoFile(*place->node);
  if (why == 0 && place->node->read_only) why = EACCES;
  if (why != 0) return FileError(why, "OpenToAppend", path);
  return std::make_unique<SimulatedWritableFile>(*this, path, place->node);
}

absl::Status SimulatedFileSystem::CreateDirectory(const Path& path) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Place> place = BeginAtFree("CreateDirectory", path);
  if (!place.ok()) return place.status();
  disk_.Put(*place, MakeNode(FileKind::kDirectory));
  Touch(*place->directory);
  return absl::OkStatus();
}

absl::Status SimulatedFileSystem::Rename(const Path& from, const Path& to) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Place> place = BeginAt("Rename", from, Access::kWrite);
  if (!place.ok()) return place.status();
  Place target;
  int error_number = disk_.Locate(to.native(), target);
  const bool is_directory = place->node->kind == FileKind::kDirectory;
  if (error_number == 0 && target.node != nullptr) {
    if (is_directory) error_number = EEXIST;
    if (!is_directory && target.node->kind == FileKind::kDirectory) error_number = EISDIR;
  }
  if (error_number == 0 && is_directory && IsAtOrBelow(to.native(), from.native())) {
    error_number = EINVAL;
  }
  if (error_number != 0) return FileError(error_number, "Rename to", to);
  if (target.node == place->node) return absl::OkStatus();  // two names of one file: both stay
  if (is_directory) {
    disk_.MoveDirectory(*place, target);
  } else {
    disk_.MoveFile(*place, target);
  }
  Touch(*place->directory);
  Touch(*target.directory);
  return absl::OkStatus();
}

absl::Status SimulatedFileSystem::Link(const Path& file, const Path& link) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Place> place = BeginAt("Link", file, Access::kWrite);
  if (!place.ok()) return place.status();
  Place target;
  int error_number = disk_.Locate(link.native(), target);
  if (error_number == 0) error_number = WhyNoFile(*place->node);
  if (error_number == 0 && target.node != nullptr) error_number = EEXIST;
  if (error_number == 0 && !hard_links_) error_number = EPERM;
  if (error_number != 0) return LinkError(error_number, link);
  disk_.Put(target, place->node);
  Touch(*target.directory);
  return absl::OkStatus();
}

absl::Status SimulatedFileSystem::RemoveFile(const Path& path) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Place> place = BeginAt("RemoveFile", path, Access::kWrite);
  if (!place.ok()) return place.status();
  if (place->node->kind == FileKind::kDirectory) return FileError(EISDIR, "RemoveFile", path);
  disk_.Remove(*place);
  Touch(*place->directory);
  return absl::OkStatus();
}

absl::Status SimulatedFileSystem::RemoveDirectory(const Path& path) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Place> place = BeginAt("RemoveDirectory", path, Access::kWrite);
  if (!place.ok()) return place.status();
  int error_number = 0;
  if (place->node->kind != FileKind::kDirectory) error_number = ENOTDIR;
  if (!place->node->entries.empty()) error_number = ENOTEMPTY;
  if (error_number != 0) return FileError(error_number, "RemoveDirectory", path);
  disk_.Remove(*place);
  Touch(*place->directory);
  return absl::OkStatus();
}

absl::Status SimulatedFileSystem::SyncDirectory(const Path& directory) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Place> place = BeginAt("SyncDirectory", directory, Access::kWrite);
  if (!place.ok()) return place.status();
  if (place->node->kind != FileKind::kDirectory) {
    return FileError(ENOTDIR, "SyncDirectory", directory);
  }
  disk_.SyncDirectory(place->node);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FileLock>> SimulatedFileSystem::Lock(const Path& path) {
  const absl::MutexLock lock(&mutex_);
  absl::Status status = Begin("Lock", path, Access::kWrite);
  if (!status.ok()) return status;
  Place place;
  int error_number = disk_.Locate(path.native(), place);
  if (error_number == 0 && place.node == nullptr && FreeBytesNow() == 0) error_number = ENOSPC;
  if (error_number == 0 && place.node != nullptr) error_number = WhyNoFile(*place.node);
  if (error_number != 0) return FileError(error_number, "Lock", path);
  if (place.node == nullptr) {
    const Node node = MakeNode(FileKind::kFile);
    disk_.Put(place, node);
    place.node = node;
  }
  if (place.node->locked) {
    return absl::UnavailableError(
        StrCat("cannot lock '", path.string(), "': process 4711 holds it"));
  }
  place.node->locked = true;
  return std::make_unique<SimulatedFileLock>(*this, place.node);
}

absl::StatusOr<int64_t> SimulatedFileSystem::FreeBytes(const Path& path) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Place> place = BeginAt("FreeBytes", path, Access::kRead);
  if (!place.ok()) return place.status();
  return FreeBytesNow();
}

}  // namespace sta
