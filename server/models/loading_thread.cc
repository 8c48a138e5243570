// SPDX-License-Identifier: Apache-2.0
#include "server/models/loading_thread.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace sta {
namespace {

// Of this thread alone, and for good: without a privilege nobody may go back. Where the system
// refuses, loading is merely not as quiet.
void TakeLowestPriority() {
  constexpr int kNicest = 19;
  const sched_param parameters = {.sched_priority = 0};
  sched_setscheduler(0, SCHED_BATCH, &parameters);
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNicest);
}

}  // namespace

LoadingThread::LoadingThread(ModelHost& host, Clock& clock)
    : host_(host), clock_(clock), thread_([this] { Loop(); }) {}

LoadingThread::~LoadingThread() {
  jobs_.Stop();
  thread_.join();
}

void LoadingThread::Start(LoadJob job) {
  jobs_.Post([this, job = std::move(job)]() mutable { Run(job); });
}

void LoadingThread::Loop() {
  TakeLowestPriority();
  while (!jobs_.stopped()) {
    if (auto job = jobs_.Next(clock_, absl::InfiniteFuture(), /*is_idle=*/false)) (*job)();
  }
}

void LoadingThread::Run(LoadJob& job) {
  const absl::Time start = clock_.Now();
  LoadResult result = Load(job);
  result.duration = clock_.Now() - start;
  job.on_done(std::move(result));
}

LoadResult LoadingThread::Load(LoadJob& job) {
  if (job.verify) {
    if (absl::Status verified = host_.Verify(job.version); !verified.ok()) {
      return {.served = std::move(verified)};
    }
    job.on_stage(ModelState::kLoading);
  }
  LoadResult result = {.served = host_.Load(job.version), .is_verified = true};
  if (!result.served.ok()) return result;
  job.on_stage(ModelState::kWarming);
  if (absl::Status warmed = host_.Warm(*result.served, job.beside_others); !warmed.ok()) {
    host_.Unload(*std::exchange(result.served, std::move(warmed)));
  }
  return result;
}

}  // namespace sta
