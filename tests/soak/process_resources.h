// SPDX-License-Identifier: Apache-2.0
//
// What this process holds, as /proc says: to see that nothing leaks.
#ifndef TESTS_SOAK_PROCESS_RESOURCES_H_
#define TESTS_SOAK_PROCESS_RESOURCES_H_

#include <cstdint>

namespace sta::soak {

struct ProcessResources {
  int64_t threads = 0;
  int64_t descriptors = 0;
  int64_t resident_bytes = 0;  // after the allocator gave back what it can
};

ProcessResources CountResources();

}  // namespace sta::soak

#endif  // TESTS_SOAK_PROCESS_RESOURCES_H_
