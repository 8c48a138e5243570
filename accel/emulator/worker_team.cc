// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/worker_team.h"

namespace sta::emulator {

WorkerTeam::WorkerTeam(int members) {
  for (int member = 1; member < members; ++member) {
    threads_.emplace_back([this, member] { Work(member); });
  }
}

WorkerTeam::~WorkerTeam() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void WorkerTeam::Run(const std::function<void(int member)>& job) {
  {
    absl::MutexLock lock(&mutex_);
    job_ = &job;
    busy_ = static_cast<int>(threads_.size());
    ++round_;
  }
  job(0);
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](int* busy) { return *busy == 0; }, &busy_));
  job_ = nullptr;
}

void WorkerTeam::Work(int member) {
  int64_t done_rounds = 0;
  const auto has_news = [this, &done_rounds]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || round_ > done_rounds;
  };
  while (true) {
    const std::function<void(int)>* job = nullptr;
    {
      absl::MutexLock lock(&mutex_, absl::Condition(&has_news));
      if (stopping_) return;
      done_rounds = round_;
      job = job_;
    }
    (*job)(member);
    absl::MutexLock lock(&mutex_);
    --busy_;
  }
}

}  // namespace sta::emulator
