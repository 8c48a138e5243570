// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/worker_team.h"

#include <pthread.h>
#include <sched.h>

namespace sta::emulator {
namespace {

// Some 30 microseconds: longer than waking a thread takes, far shorter than a time slice.
constexpr int kSpins = 600;

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

// Binds the calling thread to the `index`-th core that it may run on. Best effort.
void PinToCore(int index) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  const int count = CPU_COUNT(&allowed);
  int wanted = count > 0 ? index % count : 0;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed) || wanted-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
    return;
  }
}

}  // namespace

WorkerTeam::WorkerTeam(const WorkerTeamOptions& options) {
  for (int member = 1; member < options.members; ++member) {
    threads_.emplace_back([this, member, pin = options.pin_to_cores] {
      if (pin) PinToCore(member);
      Work(member);
    });
  }
}

WorkerTeam::~WorkerTeam() {
  stopping_ = true;
  const uint32_t job = job_.load() + 1;
  cursor_.store(CursorOf(job, UINT32_MAX));
  FinishTask();  // wakes who still waits for a task of an earlier job
  job_.store(job);
  job_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerTeam::Run(int64_t phases, int64_t tasks, Task task) {
  const auto all = static_cast<uint32_t>(phases * tasks);
  if (all == 0) return;
  const uint32_t job = job_.load(std::memory_order_relaxed) + 1;
  // Closed while the job is exchanged: whoever still looks at the last one finds nothing to take.
  cursor_.store(CursorOf(job, UINT32_MAX));
  phase_tasks_.store(static_cast<uint32_t>(tasks));
  all_tasks_.store(all);
  task_.store(&task);
  completed_.store(0);
  cursor_.store(CursorOf(job, 0));
  if (all > 1 && !threads_.empty()) {
    job_.store(job);
    if (sleeping_.load() > 0) job_.notify_all();
  } else {
    job_.store(job, std::memory_order_relaxed);
  }
  TakeTasks(0, job);
  WaitForCompleted(job, all);
}

void WorkerTeam::TakeTasks(int member, uint32_t job) {
  while (true) {
    uint64_t cursor = cursor_.load();
    // Loaded behind the cursor: if they are a later job's, the exchange below fails.
    const uint32_t phase_tasks = phase_tasks_.load();
    const uint32_t all_tasks = all_tasks_.load();
    const auto next = static_cast<uint32_t>(cursor);
    if (cursor >> 32 != job || next >= all_tasks) return;
    const uint32_t phase = next / phase_tasks;
    if (completed_.load() < phase * phase_tasks) {
      WaitForCompleted(job, phase * phase_tasks);
      continue;
    }
    if (!cursor_.compare_exchange_strong(cursor, cursor + 1)) continue;
    (*task_.load())(member, phase, next % phase_tasks);
    FinishTask();
  }
}

void WorkerTeam::FinishTask() {
  completed_.fetch_add(1);
  if (waiting_.load() > 0) completed_.notify_all();
}

// A member that was late may find itself waiting in a job that is over: that ends the wait, too.
void WorkerTeam::WaitForCompleted(uint32_t job, uint32_t at_least) {
  const auto is_over = [this, job, at_least](uint32_t completed) {
    return completed >= at_least || cursor_.load() >> 32 != job;
  };
  for (int spin = 0; spin < kSpins; ++spin) {
    if (is_over(completed_.load())) return;
    Pause();
  }
  waiting_.fetch_add(1);
  for (uint32_t completed = completed_.load(); !is_over(completed); completed = completed_.load()) {
    completed_.wait(completed);
  }
  waiting_.fetch_sub(1);
}

void WorkerTeam::Work(int member) {
  uint32_t done = 0;
  while (true) {
    uint32_t job = job_.load();
    for (int spin = 0; job == done && spin < kSpins; ++spin) {
      Pause();
      job = job_.load();
    }
    if (job == done) {
      sleeping_.fetch_add(1);
      while ((job = job_.load()) == done) job_.wait(done);
      sleeping_.fetch_sub(1);
    }
    if (stopping_.load()) return;
    TakeTasks(member, job);
    done = job;
  }
}

}  // namespace sta::emulator
