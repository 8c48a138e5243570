// SPDX-License-Identifier: Apache-2.0
//
// WorkerTeam: a fixed set of threads that run one job together, again and again.
//
//   WorkerTeam team(4);
//   team.Run([&](int member) { ... });   // members 0..3, returns when all are done
//
// The calling thread is member 0, so a team of one starts no thread. Run blocks; one caller at a
// time. The job must not throw.
#ifndef ACCEL_EMULATOR_WORKER_TEAM_H_
#define ACCEL_EMULATOR_WORKER_TEAM_H_

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sta::emulator {

class WorkerTeam {
 public:
  // `members` is 1 or more.
  explicit WorkerTeam(int members);
  ~WorkerTeam();
  WorkerTeam(const WorkerTeam&) = delete;
  WorkerTeam& operator=(const WorkerTeam&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  void Run(const std::function<void(int member)>& job);

 private:
  void Work(int member);

  std::vector<std::thread> threads_;  // constant after construction

  absl::Mutex mutex_;
  const std::function<void(int)>* job_ ABSL_GUARDED_BY(mutex_) = nullptr;
  int64_t round_ ABSL_GUARDED_BY(mutex_) = 0;  // how many jobs were given out
  int busy_ ABSL_GUARDED_BY(mutex_) = 0;       // threads that have not finished this round
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_WORKER_TEAM_H_
