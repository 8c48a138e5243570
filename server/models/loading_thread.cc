// SPDX-License-Identifier: Apache-2.0
#include "server/models/loading_thread.h"

#include <utility>

#include "server/models/thread_priority.h"

namespace sta {
namespace {

// Long enough that what goes with an unload, such as a device's copy and the buffers of an upload,
// is gone, too.
constexpr absl::Duration kQuiet = absl::Seconds(1);

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

void LoadingThread::NoteUnload() {
  jobs_.Post([] {});  // Loop looks at when it came
}

void LoadingThread::Loop() {
  YieldToOthers(kLowestPriority);
  absl::Time quiet_at = absl::InfiniteFuture();
  while (!jobs_.stopped()) {
    if (auto job = jobs_.Next(clock_, quiet_at, /*is_idle=*/false)) {
      (*job)();
      quiet_at = clock_.Now() + kQuiet;
    } else if (clock_.Now() >= quiet_at) {
      host_.ReturnMemory();
      quiet_at = absl::InfiniteFuture();
    }
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
