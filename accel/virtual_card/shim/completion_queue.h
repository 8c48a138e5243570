// SPDX-License-Identifier: Apache-2.0
//
// CompletionQueue: the ends of commands that an opened device has not been told of: poll semantics.
//
// Thread-safe.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_COMPLETION_QUEUE_H_
#define ACCEL_VIRTUAL_CARD_SHIM_COMPLETION_QUEUE_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sta::virtual_xrt {

class CompletionQueue {
 public:
  void Post() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    ++pending_;
  }

  // Blocks until there is one, and takes it; false when there was none for so long.
  bool Take(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    const auto has_one = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return pending_ > 0; };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&has_one), timeout)) return false;
    --pending_;
    return true;
  }

 private:
  absl::Mutex mutex_;
  int64_t pending_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_COMPLETION_QUEUE_H_
