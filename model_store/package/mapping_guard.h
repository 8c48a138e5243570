// SPDX-License-Identifier: Apache-2.0
//
// MappingGuard: keeps the process alive where the pages of a mapped file cannot be read: the file
// was cut short, its disk fails, its network file system is gone. Linux answers such an access with
// SIGBUS, which ends a process.
//
//   void* address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
//   auto guard = std::make_unique<MappingGuard>(std::span(address, size));
//   ... read the mapping ...
//   if (guard->faulted()) ...              // what was read may be zeros: throw it away
//   guard.reset(); munmap(address, size);
//
// The first guard installs a handler of SIGBUS for the process. For a fault inside a guarded
// mapping it puts zeros in place of the whole mapping, for good, and the access goes on with them;
// a mapping costs one fault then, whatever is read of it afterwards. Any other SIGBUS takes the way
// that it took before: to the handler that was there, or the process ends.
// A thread that reads a guarded mapping must not block SIGBUS: Linux would kill the process.
// A system call that is given the mapping (write, send) returns EFAULT instead and marks nothing.
#ifndef MODEL_STORE_PACKAGE_MAPPING_GUARD_H_
#define MODEL_STORE_PACKAGE_MAPPING_GUARD_H_

#include <cstddef>
#include <span>

namespace sta {

class MappingGuard {
 public:
  // A private, read-only mapping, from its first byte to the last of the file. It outlives the
  // guard, and whoever reads it is done before the guard is destroyed.
  explicit MappingGuard(std::span<const std::byte> mapping);
  ~MappingGuard();
  MappingGuard(const MappingGuard&) = delete;
  MappingGuard& operator=(const MappingGuard&) = delete;

  // Whether a page could not be read. Asked after reading, it covers all that this thread has read
  // before; thread-safe, one load. Never becomes false again.
  bool faulted() const;

 private:
  struct Slot;
  struct Table;

  Slot* const slot_;
};

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_MAPPING_GUARD_H_
