// SPDX-License-Identifier: Apache-2.0
//
// WorkerTeam: a fixed set of threads that do the tasks of a job together.
//
//   WorkerTeam team({.members = 4});
//   team.Run(phases, tasks, [&](int member, int64_t phase, int64_t task) { ... });
//
// A job is `phases` times `tasks` tasks; a phase begins when every task of the one before is done.
// Members take the next task whenever they are free, and take one only when it may begin. So nobody
// waits for a thread that the operating system has not given a core to, unless it has begun a task:
// on a machine with busy neighbors the others do its share.
//
// Waiting spins for some microseconds, which is what a barrier between balanced tasks takes, then
// sleeps, so that a core is not burnt while another thread could use it.
//
// The calling thread is member 0, so a team of one starts no thread. Run blocks; one caller at a
// time; the function must not throw. Run allocates nothing.
#ifndef ACCEL_EMULATOR_WORKER_TEAM_H_
#define ACCEL_EMULATOR_WORKER_TEAM_H_

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"

namespace sta::emulator {

struct WorkerTeamOptions {
  int members = 1;            // 1 or more
  bool pin_to_cores = false;  // members 1.. to a core each, as far as the process may use it
};

class WorkerTeam {
 public:
  using Task = absl::FunctionRef<void(int member, int64_t phase, int64_t task)>;

  explicit WorkerTeam(const WorkerTeamOptions& options);
  ~WorkerTeam();
  WorkerTeam(const WorkerTeam&) = delete;
  WorkerTeam& operator=(const WorkerTeam&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  // `phases` * `tasks` below 2^31.
  void Run(int64_t phases, int64_t tasks, Task task);

 private:
  // One job's progress. A cursor is the job's number in the high half and the next task, counted
  // over all phases, in the low half: a member that comes late can take nothing of another job.
  static uint64_t CursorOf(uint32_t job, uint32_t next) { return uint64_t{job} << 32 | next; }

  void Work(int member);
  // Does tasks of job `job` until none is left to take.
  void TakeTasks(int member, uint32_t job);
  void WaitForCompleted(uint32_t job, uint32_t at_least);
  void FinishTask();

  std::vector<std::thread> threads_;  // constant after construction

  // Apart from each other in memory: all members write to each of these.
  alignas(64) std::atomic<uint64_t> cursor_ = 0;
  alignas(64) std::atomic<uint32_t> completed_ = 0;  // tasks of this job
  std::atomic<int32_t> waiting_ = 0;                 // members that sleep until completed_ changes
  alignas(64) std::atomic<uint32_t> job_ = 0;        // number of the latest job
  std::atomic<int32_t> sleeping_ = 0;                // members that sleep until job_ changes
  std::atomic<bool> stopping_ = false;
  // Of the latest job; written before cursor_ is.
  alignas(64) std::atomic<uint32_t> phase_tasks_ = 1;
  std::atomic<uint32_t> all_tasks_ = 0;
  std::atomic<const Task*> task_ = nullptr;
};

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_WORKER_TEAM_H_
