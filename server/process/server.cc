// SPDX-License-Identifier: Apache-2.0
#include "server/process/server.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "accel/emulator/emulator_device.h"
#include "server/config/build_version.h"
#include "server/observability/logging.h"
#include "server/process/ports_file.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

std::vector<std::unique_ptr<Device>> MakeDevices(const Settings& settings) {
  const int processors = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  std::vector<std::unique_ptr<Device>> devices;
  for (const DeviceSetting& device : settings.devices) {
    const size_t index = devices.size();
    devices.push_back(
        MakeEmulatorDevice({.name = index == 0 ? "emulator" : StrCat("emulator:", index),
                            .threads = device.threads > 0 ? device.threads : processors,
                            .pin_threads = settings.pin_threads,
                            .max_tokens = settings.max_batch_tokens}));
  }
  return devices;
}

BatcherOptions MakeBatcherOptions(const Settings& settings) {
  return {.max_batch_tokens = settings.max_batch_tokens,
          .max_queue_tokens = settings.max_queue_tokens,
          .max_queue_requests = settings.max_queue_requests,
          .max_queue_delay = settings.max_queue_delay};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Settings& settings) {
  absl::StatusOr<StoreListing> listing = ScanStore(settings.store);
  if (!listing.ok()) return listing.status();
  for (const SkippedEntry& skipped : listing->skipped) {
    LogWarning("store entry skipped", {{"path", skipped.path}, {"reason", skipped.reason}});
  }
  if (listing->versions.empty()) {
    LogWarning("the store holds no model", {{"store", settings.store}});
  }
  auto server = std::unique_ptr<Server>(new Server(settings, *listing));
  if (absl::Status opened = server->OpenPorts(); !opened.ok()) return opened;
  return server;
}

Server::Server(const Settings& settings, const StoreListing& listing)
    : settings_(settings),
      listing_(listing),
      metrics_address_(settings.metrics),
      metrics_(kBuildVersion),
      batcher_(MakeDevices(settings), MakeBatcherOptions(settings), clock_, metrics_),
      workers_(WorkerPool::Options{}),
      inference_service_({.registry = registry_,
                          .batcher = batcher_,
                          .metrics = metrics_,
                          .workers = workers_,
                          .draining = draining_},
                         {.server_version = std::string(kBuildVersion),
                          .max_rows_per_request = settings.max_rows_per_request,
                          .max_reply_bytes = settings.max_message_bytes}),
      model_store_service_(registry_, metrics_),
      health_service_(health_) {}

absl::Status Server::OpenPorts() {
  for (const DeviceCaps& device : batcher_.DeviceList()) {
    metrics_.RegisterDevice(device.name);
    LogInfo("device", {{"device", device.name}, {"kind", device.kind}, {"detail", device.detail}});
  }
  if (!metrics_address_.host.empty()) {
    const absl::StatusOr<int> port = metrics_.Serve(metrics_address_.host, metrics_address_.port);
    if (!port.ok()) return port.status();
    metrics_address_.port = *port;
  }
  // Models are known, as loading, before the first request can ask for them.
  loader_ = std::make_unique<ModelLoader>(
      NewestVersions(listing_),
      ModelLoader::Parts{
          .registry = registry_, .batcher = batcher_, .health = health_, .metrics = metrics_});
  absl::StatusOr<std::unique_ptr<GrpcServer>> grpc = GrpcServer::Start(
      {.listen = settings_.listen, .max_message_bytes = settings_.max_message_bytes},
      {&inference_service_, &model_store_service_, &health_service_});
  if (!grpc.ok()) return grpc.status();
  grpc_ = *std::move(grpc);
  LogInfo("listening",
          {{"grpc", grpc_->address().ToString()},
           {"metrics", metrics_address_.host.empty() ? "off" : metrics_address_.ToString()},
           {"version", kBuildVersion}});
  if (settings_.ports_file.empty()) return absl::OkStatus();
  return WritePortsFile(settings_.ports_file, grpc_->address(), metrics_address_);
}

void Server::Drain() {
  const absl::Time deadline = absl::Now() + settings_.drain_timeout;
  LogInfo("draining", {{"timeout_seconds", absl::ToDoubleSeconds(settings_.drain_timeout)}});
  draining_ = true;
  // gRPC's shutdown cancels what it has received but not yet handed to a service, and clients do
  // not send a cancelled call again. So refuse first, and shut down when the rest is answered.
  batcher_.StopAccepting();
  health_.Close();
  batcher_.WaitUntilIdle(deadline);
  grpc_->Shutdown(deadline);
  LogInfo("drained");
}

Server::~Server() {
  grpc_.reset();
  loader_.reset();
  registry_.Clear();
}

}  // namespace sta
