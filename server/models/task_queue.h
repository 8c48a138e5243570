// SPDX-License-Identifier: Apache-2.0
//
// TaskQueue: what one thread has to do, given to it by others. Tasks run in the order in which they
// were posted, on the thread that takes them.
//
//   queue.Post([] { ... });                                      // any thread
//   while (auto task = queue.Next(clock, until, idle)) (*task)();  // the one thread
//
// Thread-safe. Tasks are destroyed without a lock held.
#ifndef SERVER_MODELS_TASK_QUEUE_H_
#define SERVER_MODELS_TASK_QUEUE_H_

#include <deque>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"

namespace sta {

class TaskQueue {
 public:
  using Task = absl::AnyInvocable<void()>;

  // After Close, the task is destroyed here instead of run.
  void Post(Task task);

  // The next task; waits for one until `until`. Nothing: that time has come, a wait ended early, or
  // Stop was called and no task is left. `is_idle`: nothing is going on that will post a task.
  std::optional<Task> Next(Clock& clock, absl::Time until, bool is_idle);
  std::optional<Task> TryNext();

  // Next does not wait any more.
  void Stop();
  bool stopped() const;

  // Where no task is left: from now on Post destroys. False where there is one.
  bool Close();

  // Returns when Next waits, idle, with no task left; at once after Stop.
  void WaitUntilIdleForTest();

 private:
  std::optional<Task> TakeFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  absl::CondVar idle_changed_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool is_idle_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sta

#endif  // SERVER_MODELS_TASK_QUEUE_H_
