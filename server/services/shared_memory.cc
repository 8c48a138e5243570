// SPDX-License-Identifier: Apache-2.0
#include "server/services/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr size_t kMaxNameBytes = 256;

// A client's text goes into messages; a long one is cut.
std::string QuotedName(std::string_view text) {
  constexpr size_t kMaxQuotedBytes = 64;
  return StrCat("'", text.substr(0, kMaxQuotedBytes), text.size() > kMaxQuotedBytes ? "...'" : "'");
}

absl::Status OpenError(std::string_view key, int error) {
  const std::string memory = StrCat("shared memory ", QuotedName(key));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(
          StrCat(memory, " is not there; the client makes it, on the server's machine"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(
          StrCat(memory,
                 ": the server may not read and write it; make it with mode 0660 or 0666 "
                 "where the client is another user"));
    case EMFILE:
    case ENFILE:
      return absl::ResourceExhaustedError("the server has no descriptor left for shared memory");
    default:
      return absl::InvalidArgumentError(StrCat(memory, ": ", std::strerror(error)));
  }
}

bool IsKey(std::string_view key) {
  if (key.starts_with('/')) key.remove_prefix(1);
  return !key.empty() && key.size() <= kMaxNameBytes - 1 && key != "." && key != ".." &&
         key.find('/') == std::string_view::npos && key.find('\0') == std::string_view::npos;
}

// Size of the memory; -1 where it is none.
int64_t SizeOf(int descriptor) {
  struct stat state {};
  if (fstat(descriptor, &state) != 0 || !S_ISREG(state.st_mode)) return -1;
  return state.st_size;
}

bool IsInside(uint64_t offset, uint64_t byte_size, uint64_t whole) {
  return offset <= whole && byte_size <= whole - offset;
}

}  // namespace

SharedMemory::Region::~Region() { close(descriptor_); }

absl::Status SharedMemory::Region::CheckBounds(uint64_t offset, uint64_t byte_size) const {
  if (IsInside(offset, byte_size, extent_.byte_size)) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("shared memory region ", QuotedName(extent_.name),
                                           " has ", extent_.byte_size, " bytes; ", byte_size,
                                           " at offset ", offset, " are not inside of it"));
}

absl::StatusOr<int64_t> SharedMemory::Region::Place(uint64_t offset, uint64_t byte_size) const {
  if (absl::Status status = CheckBounds(offset, byte_size); !status.ok()) return status;
  // No overflow: the region was inside of a file, whose sizes fit an int64_t.
  const uint64_t place = extent_.offset + offset;
  const int64_t size = SizeOf(descriptor_);
  if (size < 0 || !IsInside(place, byte_size, static_cast<uint64_t>(size))) {
    return absl::FailedPreconditionError(StrCat("shared memory region ", QuotedName(extent_.name),
                                                ": the memory was cut to ", size, " bytes"));
  }
  return static_cast<int64_t>(place);
}

absl::StatusOr<std::string> SharedMemory::Region::Read(uint64_t offset, uint64_t byte_size) const {
  const absl::StatusOr<int64_t> place = Place(offset, byte_size);
  if (!place.ok()) return place.status();
  std::string bytes(byte_size, '\0');
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = pread(descriptor_, bytes.data() + done, bytes.size() - done,
                                *place + static_cast<int64_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return absl::FailedPreconditionError(
          StrCat("shared memory region ", QuotedName(extent_.name), ": cannot be read any more"));
    }
    done += static_cast<size_t>(count);
  }
  return bytes;
}

absl::Status SharedMemory::Region::Write(uint64_t offset, std::string_view bytes) const {
  const absl::StatusOr<int64_t> place = Place(offset, bytes.size());
  if (!place.ok()) return place.status();
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = pwrite(descriptor_, bytes.data() + done, bytes.size() - done,
                                 *place + static_cast<int64_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return absl::FailedPreconditionError(StrCat("shared memory region ", QuotedName(extent_.name),
                                                  ": cannot be written any more"));
    }
    done += static_cast<size_t>(count);
  }
  return absl::OkStatus();
}

absl::Status SharedMemory::CheckNew(std::string_view name) const {
  if (regions_.contains(name)) {
    return absl::AlreadyExistsError(
        StrCat("shared memory region ", QuotedName(name), " is registered; unregister it first"));
  }
  if (regions_.size() >= max_regions_) {
    return absl::ResourceExhaustedError(
        StrCat("all ", max_regions_, " regions that there may be are registered"));
  }
  return absl::OkStatus();
}

absl::Status SharedMemory::Register(const Extent& extent) {
  if (extent.name.empty() || extent.name.size() > kMaxNameBytes) {
    return absl::InvalidArgumentError(
        StrCat("name: has ", extent.name.size(), " bytes; allowed: 1 to ", kMaxNameBytes));
  }
  if (!IsKey(extent.key)) {
    return absl::InvalidArgumentError(
        StrCat("key: ", QuotedName(extent.key), " is no name of shared memory"));
  }
  if (extent.byte_size == 0) return absl::InvalidArgumentError("byte_size: is 0");
  {
    // Before anything is opened; once more below, as another call may be quicker.
    const absl::MutexLock lock(&mutex_);
    if (absl::Status status = CheckNew(extent.name); !status.ok()) return status;
  }
  const int descriptor = shm_open(extent.key.c_str(), O_RDWR | O_CLOEXEC, 0);
  if (descriptor < 0) return OpenError(extent.key, errno);
  const auto region = std::make_shared<const Region>(extent, descriptor);
  const int64_t size = SizeOf(descriptor);
  if (size < 0 || !IsInside(extent.offset, extent.byte_size, static_cast<uint64_t>(size))) {
    return absl::InvalidArgumentError(StrCat(
        "shared memory ", QuotedName(extent.key), " has ", std::max<int64_t>(size, 0), " bytes; ",
        extent.byte_size, " at offset ", extent.offset, " are not inside of it"));
  }
  const absl::MutexLock lock(&mutex_);
  if (absl::Status status = CheckNew(extent.name); !status.ok()) return status;
  regions_.emplace(extent.name, region);
  return absl::OkStatus();
}

void SharedMemory::Unregister(std::string_view name) {
  // Closed after the lock.
  std::map<std::string, std::shared_ptr<const Region>, std::less<>> dropped;
  const absl::MutexLock lock(&mutex_);
  if (name.empty()) {
    dropped.swap(regions_);
  } else if (const auto found = regions_.find(name); found != regions_.end()) {
    dropped.insert(regions_.extract(found));
  }
}

absl::StatusOr<std::shared_ptr<const SharedMemory::Region>> SharedMemory::Find(
    std::string_view name) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = regions_.find(name);
  if (found != regions_.end()) return found->second;
  return absl::NotFoundError(
      StrCat("shared memory region ", QuotedName(name), " is not registered"));
}

std::vector<SharedMemory::Extent> SharedMemory::List() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<Extent> extents;
  extents.reserve(regions_.size());
  for (const auto& [name, region] : regions_) extents.push_back(region->extent());
  return extents;
}

}  // namespace sta
