// SPDX-License-Identifier: Apache-2.0
//
// SharedMemory: the regions of POSIX shared memory that clients on this machine have registered
// (Triton's system shared memory extension), by name.
//
//   SharedMemory memory;
//   memory.Register({.name = "in0", .key = "/in0", .offset = 0, .byte_size = 4096});
//   absl::StatusOr<std::string> bytes = memory.Find("in0")->Read(0, 1024);
//
// A region belongs to its client, who may write to it, or cut it short, at any time. So nothing is
// mapped: bytes are copied in and out by system calls, which fail where the memory is gone and do
// not end the process, and what was read does not change any more.
//
// Thread-safe. Calls copy memory, and wait for nothing. A region stays usable for those who hold it
// after it was unregistered.
#ifndef SERVER_SERVICES_SHARED_MEMORY_H_
#define SERVER_SERVICES_SHARED_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace sta {

class SharedMemory {
 public:
  struct Extent {
    std::string name;  // that requests use
    std::string key;   // of shm_open, with or without the slash in front
    uint64_t offset = 0;
    uint64_t byte_size = 0;

    friend bool operator==(const Extent&, const Extent&) = default;
  };

  class Region {
   public:
    Region(Extent extent, int descriptor) : extent_(std::move(extent)), descriptor_(descriptor) {}
    ~Region();
    Region(const Region&) = delete;
    Region& operator=(const Region&) = delete;

    const Extent& extent() const { return extent_; }

    // INVALID_ARGUMENT: beyond the region. FAILED_PRECONDITION: the memory is not as large any more
    // as it was when it was registered.
    absl::StatusOr<std::string> Read(uint64_t offset, uint64_t byte_size) const;
    absl::Status Write(uint64_t offset, std::string_view bytes) const;

   private:
    absl::Status CheckBounds(uint64_t offset, uint64_t byte_size) const;
    // Where in the memory `offset` of the region is, if so many bytes are there now.
    absl::StatusOr<int64_t> Place(uint64_t offset, uint64_t byte_size) const;

    const Extent extent_;
    const int descriptor_;
  };

  // Each region holds a descriptor of the process.
  explicit SharedMemory(size_t max_regions = 512) : max_regions_(max_regions) {}

  // INVALID_ARGUMENT: an empty name or size, a key that cannot be one, or an extent that is not
  // inside of the memory; ALREADY_EXISTS: the name; NOT_FOUND: no memory has this key;
  // PERMISSION_DENIED: the server may not read and write it; RESOURCE_EXHAUSTED: too many regions.
  absl::Status Register(const Extent& extent);

  // A name that is not there is no error; an empty one is all.
  void Unregister(std::string_view name);

  // NOT_FOUND.
  absl::StatusOr<std::shared_ptr<const Region>> Find(std::string_view name) const;

  // All, by name.
  std::vector<Extent> List() const;

 private:
  absl::Status CheckNew(std::string_view name) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t max_regions_;
  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<const Region>, std::less<>> regions_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // SERVER_SERVICES_SHARED_MEMORY_H_
