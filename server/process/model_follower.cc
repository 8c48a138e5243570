// SPDX-License-Identifier: Apache-2.0
#include "server/process/model_follower.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "server/observability/logging.h"

namespace sta {
namespace {

constexpr const char* kInferenceHealthName = "inference.GRPCInferenceService";
// No model is named so: names have no slash.
constexpr const char* kLiveHealthName = "sta/live";
constexpr size_t kEventsAtOnce = 64;

}  // namespace

ModelFollower::ModelFollower(ModelFeed& feed, const ModelRegistry& registry, HealthBoard& health,
                             Metrics& metrics)
    : feed_(feed), registry_(registry), health_(health), metrics_(metrics) {
  const absl::MutexLock lock(&mutex_);
  // A cursor without a token always opens.
  cursor_ = *feed_.Open("", "");
  health_.Set("", false);
  health_.Set(kInferenceHealthName, false);
  health_.Set(kLiveHealthName, true);
}

void ModelFollower::Changed() {
  const absl::MutexLock lock(&mutex_);
  while (true) {
    const absl::StatusOr<std::vector<ModelEvent>> events = feed_.Read(cursor_, kEventsAtOnce);
    if (!events.ok()) {  // cannot be as long as it reads at every change
      cursor_ = *feed_.Open("", "");
      continue;
    }
    if (events->empty()) break;
    for (const ModelEvent& event : *events) Follow(event);
  }
  ShowServer();
}

void ModelFollower::Follow(const ModelEvent& event) {
  const ModelStatus& status = event.status;
  metrics_.SetModelState(status.name, status.version,
                         event.is_deleted ? "" : ModelStateName(status.state));
  if (registry_.List(status.name).empty()) {
    health_.Remove(status.name);
  } else {
    health_.Set(status.name, registry_.IsServing(status.name));
  }
  if (event.is_deleted) {
    LogInfo("model deleted", {{"model", status.name}, {"version", status.version}});
  } else if (status.state == ModelState::kUnloaded && status.is_evicted && status.reason.empty()) {
    LogInfo("model evicted", {{"model", status.name}, {"version", status.version}});
  } else if (status.state == ModelState::kUnloaded && !status.reason.empty()) {
    LogWarning("model does not fit",
               {{"model", status.name}, {"version", status.version}, {"reason", status.reason}});
  }
}

void ModelFollower::ShowServer() {
  const bool is_ready = registry_.AllReady();
  health_.Set("", is_ready);
  health_.Set(kInferenceHealthName, is_ready);
  // Between two switches there is nothing to say, nor before all has been tried.
  if (!is_ready && IsLoading()) return;
  const std::string_view now = is_ready ? "ready" : "not ready: a model failed";
  if (now != logged_) LogInfo(now);
  logged_ = now;
}

bool ModelFollower::IsLoading() const {
  const std::vector<ModelStatus> all = registry_.List();
  return std::ranges::any_of(all, [](const ModelStatus& status) {
    return status.is_wanted && status.state != ModelState::kReady &&
           status.state != ModelState::kFailed;
  });
}

void ModelFollower::OnLoad(const ModelStatus& status, absl::Duration duration,
                           const absl::Status& result) {
  metrics_.ObserveModelLoad(status.name, duration, result.ok());
  if (!result.ok()) {
    LogError("model failed to load", {{"model", status.name},
                                      {"version", status.version},
                                      {"reason", std::string(result.message())}});
    return;
  }
  LogInfo("model loaded", {{"model", status.name},
                           {"version", status.version},
                           {"seconds", absl::ToDoubleSeconds(duration)},
                           {"memory_bytes", status.memory_bytes}});
}

void ModelFollower::OnRetention(std::string_view name, int64_t version,
                                const absl::Status& result) {
  if (result.ok()) {
    LogInfo("old version deleted", {{"model", name}, {"version", version}});
  } else {
    LogWarning("old version not deleted",
               {{"model", name}, {"version", version}, {"reason", std::string(result.message())}});
  }
}

}  // namespace sta
