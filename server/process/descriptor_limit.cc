// SPDX-License-Identifier: Apache-2.0
#include "server/process/descriptor_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace sta {
namespace {

// Log, listeners, epoll, the store's lock and the like: some ten, and room.
constexpr int64_t kOwnDescriptors = 32;
// Where the kernel sets no limit: more than anybody has.
constexpr int64_t kMostDescriptors = 1 << 30;

}  // namespace

int64_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur, kMostDescriptors));
}

int ConnectionDescriptorLimit(int64_t process_limit, int64_t max_connections) {
  const int64_t kept = std::clamp<int64_t>(process_limit / 8, 16, 1024);
  return static_cast<int>(std::min(kOwnDescriptors + max_connections, process_limit - kept));
}

}  // namespace sta
