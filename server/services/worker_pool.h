// SPDX-License-Identifier: Apache-2.0
//
// WorkerPool: a few threads for work that would keep gRPC's threads from their sockets, such as
// tokenizing a long request. Bounded: what does not fit is refused, never queued without limit.
//
//   WorkerPool pool({.threads = 1, .max_waiting = 64});
//   if (!pool.TrySubmit([call] { call->Tokenize(); })) ...     // full: refuse the request
//
// Thread-safe; TrySubmit never blocks. The destructor runs what was accepted, then returns.
#ifndef SERVER_SERVICES_WORKER_POOL_H_
#define SERVER_SERVICES_WORKER_POOL_H_

#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace sta {

class WorkerPool {
 public:
  struct Options {
    int threads = 1;
    size_t max_waiting = 64;  // tasks accepted but not yet begun
    int nice = 0;             // thread_priority.h: what the threads yield to the others
  };

  explicit WorkerPool(const Options& options);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, and `task` destroyed without having run, where max_waiting tasks wait already.
  [[nodiscard]] bool TrySubmit(absl::AnyInvocable<void()> task);
  // Accepts `task` whatever waits: for those whose number is bounded elsewhere, such as the one
  // that an admitted stream has at a time.
  void Submit(absl::AnyInvocable<void()> task);

 private:
  void Work();
  bool HasTaskOrEnds() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !tasks_.empty() || ending_;
  }

  const size_t max_waiting_;
  absl::Mutex mutex_;
  std::deque<absl::AnyInvocable<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_WORKER_POOL_H_
