// SPDX-License-Identifier: Apache-2.0
//
// sta-server: serves the models of a store over gRPC until it is told to stop.
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "server/config/command_line.h"
#include "server/observability/logging.h"
#include "server/process/server.h"
#include "server/process/signals.h"

namespace {

constexpr int kUsageError = 2;

// The settings' own check has let no other level through.
spdlog::level::level_enum LevelOf(const std::string& name) {
  return name == "error" ? spdlog::level::err : spdlog::level::from_str(name);
}

// What models take is freed in another order than it came, by other threads: where it lies among
// small blocks, or in a heap for every thread, pages stay behind with each new version. Left alone,
// the C library raises the size from which a block has pages of its own with every large block, and
// makes eight heaps a processor. Throughput is the same (bench/store/run.sh shows the memory).
void KeepHeapSmall() {
  constexpr int kLargeBytes = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, kLargeBytes);
  mallopt(M_TRIM_THRESHOLD, 2 * kLargeBytes);
  mallopt(M_ARENA_MAX, std::max(2, static_cast<int>(std::thread::hardware_concurrency())));
}

// Debian builds Abseil without NDEBUG: each lock, those of gRPC too, is looked up in a graph of all
// locks, to find deadlocks. That is for tests; here it takes 3 % of the time of small requests.
void StopLookingForDeadlocks() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

}  // namespace

int main(int argc, char** argv) {
  KeepHeapSmall();
  StopLookingForDeadlocks();
  sta::BlockStopSignals();
  const absl::StatusOr<sta::CommandLine> command = sta::ParseCommandLine(argc, argv);
  if (!command.ok()) {
    std::fprintf(stderr, "sta-server: %s\n", std::string(command.status().message()).c_str());
    return kUsageError;
  }
  if (!command->print.empty()) {
    std::fputs(command->print.c_str(), stdout);
    return 0;
  }
  const sta::Settings& settings = command->settings;
  sta::SetUpLogging(settings.log_format == "json" ? sta::LogFormat::kJson : sta::LogFormat::kText,
                    LevelOf(settings.log_level));
  const absl::StatusOr<std::unique_ptr<sta::Server>> server = sta::Server::Start(settings);
  if (!server.ok()) {
    sta::LogError("cannot start", {{"reason", std::string(server.status().message())}});
    return 1;
  }
  const int signal = sta::WaitForStopSignal();
  sta::LogInfo("stop signal", {{"signal", signal}});
  sta::ExitOnNextStopSignal();
  (*server)->Drain();
  return 0;
}
