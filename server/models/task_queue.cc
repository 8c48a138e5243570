// SPDX-License-Identifier: Apache-2.0
#include "server/models/task_queue.h"

#include <utility>

namespace sta {

void TaskQueue::Post(Task task) {
  const absl::MutexLock lock(&mutex_);  // goes before `task` does
  if (closed_) return;
  tasks_.push_back(std::move(task));
  is_idle_ = false;
  changed_.Signal();
}

std::optional<TaskQueue::Task> TaskQueue::TakeFirst() {
  if (tasks_.empty()) return std::nullopt;
  Task task = std::move(tasks_.front());
  tasks_.pop_front();
  return task;
}

std::optional<TaskQueue::Task> TaskQueue::Next(Clock& clock, absl::Time until, bool is_idle) {
  const absl::MutexLock lock(&mutex_);
  if (tasks_.empty() && !stopped_) {
    is_idle_ = is_idle;
    if (is_idle) idle_changed_.SignalAll();
    clock.Wait(changed_, mutex_, until);
    is_idle_ = false;
  }
  return TakeFirst();
}

std::optional<TaskQueue::Task> TaskQueue::TryNext() {
  const absl::MutexLock lock(&mutex_);
  return TakeFirst();
}

void TaskQueue::Stop() {
  const absl::MutexLock lock(&mutex_);
  stopped_ = true;
  changed_.SignalAll();
  idle_changed_.SignalAll();
}

bool TaskQueue::stopped() const {
  const absl::MutexLock lock(&mutex_);
  return stopped_;
}

bool TaskQueue::Close() {
  const absl::MutexLock lock(&mutex_);
  if (!tasks_.empty()) return false;
  closed_ = true;
  return true;
}

void TaskQueue::WaitUntilIdleForTest() {
  const absl::MutexLock lock(&mutex_);
  while (!is_idle_ && !stopped_) idle_changed_.Wait(&mutex_);
}

}  // namespace sta
