// SPDX-License-Identifier: Apache-2.0
#include "server/process/model_loader.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "model_store/model/loaded_model.h"
#include "model_store/package/package.h"
#include "server/observability/logging.h"

namespace sta {
namespace {

constexpr const char* kInferenceServiceName = "inference.GRPCInferenceService";

absl::StatusOr<std::shared_ptr<const LoadedModel>> OpenModel(const StoredVersion& stored) {
  absl::StatusOr<std::shared_ptr<const Package>> package =
      Package::Open(stored.path, PackageCheck::kHashes);
  if (!package.ok()) return package.status();
  return LoadedModel::Load(*std::move(package));
}

}  // namespace

ModelLoader::ModelLoader(std::vector<StoredVersion> versions, const Parts& parts)
    : versions_(std::move(versions)), parts_(parts) {
  for (const StoredVersion& stored : versions_) {
    parts_.registry.SetLoading(stored.name, stored.version);
    parts_.metrics.RegisterModel(stored.name, stored.version);
    parts_.health.Set(stored.name, false);
  }
  parts_.health.Set("", false);
  parts_.health.Set(kInferenceServiceName, false);
  thread_ = std::thread([this] { LoadAll(); });
}

ModelLoader::~ModelLoader() {
  stopping_ = true;
  thread_.join();
}

void ModelLoader::LoadAll() {
  for (const StoredVersion& stored : versions_) {
    if (stopping_) return;
    LoadOne(stored);
  }
  const bool all_ready = parts_.registry.AllReady();
  parts_.health.Set("", all_ready);
  parts_.health.Set(kInferenceServiceName, all_ready);
  LogInfo(all_ready ? "ready" : "not ready: a model failed",
          {{"models", static_cast<int64_t>(versions_.size())}});
}

void ModelLoader::LoadOne(const StoredVersion& stored) {
  const absl::Time start = absl::Now();
  absl::Time opened;
  absl::StatusOr<std::shared_ptr<const ServedModel>> served = [&] {
    absl::StatusOr<std::shared_ptr<const LoadedModel>> model = OpenModel(stored);
    opened = absl::Now();
    return model.ok() ? parts_.batcher.Load(stored.name, stored.version, *std::move(model))
                      : absl::StatusOr<std::shared_ptr<const ServedModel>>(model.status());
  }();
  const absl::Duration duration = absl::Now() - start;
  const absl::Duration on_devices = absl::Now() - opened;
  parts_.metrics.ObserveModelLoad(stored.name, duration, served.ok());
  if (!served.ok()) {
    const std::string reason(served.status().message());
    parts_.registry.SetFailed(stored.name, stored.version, reason);
    LogError("model failed to load",
             {{"model", stored.name}, {"version", stored.version}, {"reason", reason}});
    return;
  }
  int64_t device_bytes = 0;
  for (const std::unique_ptr<LoadedProgram>& program : (*served)->programs) {
    device_bytes += program->memory_bytes();
  }
  parts_.registry.SetReady(*std::move(served));
  parts_.health.Set(stored.name, true);
  LogInfo("model loaded", {{"model", stored.name},
                           {"version", stored.version},
                           {"seconds", absl::ToDoubleSeconds(duration)},
                           {"of_which_on_devices_seconds", absl::ToDoubleSeconds(on_devices)},
                           {"device_bytes", device_bytes}});
}

}  // namespace sta
