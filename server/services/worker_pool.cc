// SPDX-License-Identifier: Apache-2.0
#include "server/services/worker_pool.h"

#include <utility>

#include "server/models/thread_priority.h"

namespace sta {

WorkerPool::WorkerPool(const Options& options) : max_waiting_(options.max_waiting) {
  for (int i = 0; i < options.threads; ++i) {
    threads_.emplace_back([this, nice = options.nice] {
      YieldToOthers(nice);
      Work();
    });
  }
}

WorkerPool::~WorkerPool() {
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::TrySubmit(absl::AnyInvocable<void()> task) {
  absl::MutexLock lock(&mutex_);
  if (tasks_.size() >= max_waiting_) return false;
  tasks_.push_back(std::move(task));
  return true;
}

void WorkerPool::Submit(absl::AnyInvocable<void()> task) {
  const absl::MutexLock lock(&mutex_);
  tasks_.push_back(std::move(task));
}

void WorkerPool::Work() {
  while (true) {
    absl::AnyInvocable<void()> task;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &WorkerPool::HasTaskOrEnds));
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace sta
