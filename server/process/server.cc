// SPDX-License-Identifier: Apache-2.0
#include "server/process/server.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "server/config/build_version.h"
#include "server/config/setting_values.h"
#include "server/observability/logging.h"
#include "server/process/descriptor_limit.h"
#include "server/process/device_list.h"
#include "server/process/ports_file.h"
#include "server/services/audit_log.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// Uploads that are not begun again for a week are given up, however slowly they go on.
constexpr absl::Duration kMaxUploadAge = absl::Hours(24 * 7);
constexpr size_t kFeedEvents = 4096;

StoreOptions MakeStoreOptions(const Settings& settings) {
  return {.read_only = settings.store_read_only,
          .accept_diagnostic_models = settings.allow_diagnostic_models,
          .max_store_bytes = settings.store_max_bytes,
          .max_model_bytes = settings.model_max_bytes,
          .max_model_versions = settings.model_max_versions,
          .min_free_bytes = settings.store_min_free_bytes,
          .upload_expiry = settings.upload_expiry,
          .max_upload_age = kMaxUploadAge,
          .on_warning = [](const std::string& warning) {
            LogWarning("store", {{"warning", warning}});
          }};
}

ModelManagerOptions MakeManagerOptions(const Settings& settings) {
  return {
      .policy = {.load_newest = settings.load_newest, .memory_budget_bytes = settings.model_memory},
      .keep_versions = settings.keep_versions};
}

// Different in every run.
uint64_t RandomEpoch() {
  std::random_device random;
  return (uint64_t{random()} << 32) | random();
}

BatcherOptions MakeBatcherOptions(const Settings& settings) {
  return {.max_batch_tokens = settings.max_batch_tokens,
          .admission = {.max_queue_tokens = settings.max_queue_tokens,
                        .max_queue_requests = settings.max_queue_requests,
                        .max_total_queue_tokens = settings.max_total_queue_tokens,
                        .max_total_queue_requests = settings.max_total_queue_requests,
                        .overload_wait = settings.overload_wait,
                        .client_rate = {.tokens_per_second = settings.client_rate_tokens,
                                        .requests_per_second = settings.client_rate_requests}},
          .max_queue_delay = settings.max_queue_delay};
}

void WarnOfTokensInTheClear(const Settings& settings) {
  if (settings.tokens.empty() || !settings.tls_cert.empty()) return;
  std::vector<Address> all = settings.listen;
  all.insert(all.end(), settings.http_listen.begin(), settings.http_listen.end());
  for (const Address& address : all) {
    const bool is_local = !address.path.empty() || address.host == "localhost" ||
                          address.host == "::1" || address.host.starts_with("127.");
    if (is_local) continue;
    LogWarning("tokens without TLS: whoever sees the network's traffic can use them",
               {{"address", address.ToString()}});
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Settings& settings) {
  auto disk = std::make_unique<Disk>();
  absl::StatusOr<std::unique_ptr<SecurityFiles>> security =
      SecurityFiles::Open({.tls_cert = settings.tls_cert,
                           .tls_key = settings.tls_key,
                           .tls_client_ca = settings.tls_client_ca,
                           .tokens = settings.tokens},
                          disk->clock);
  if (!security.ok()) return security.status();
  WarnOfTokensInTheClear(settings);
  absl::StatusOr<std::unique_ptr<VersionStore>> store =
      VersionStore::Open(settings.store, MakeStoreOptions(settings), disk->files, disk->clock);
  if (!store.ok()) return store.status();
  disk->store = *std::move(store);
  if (disk->store->Snapshot()->versions.empty()) {
    LogWarning("the store holds no model", {{"store", settings.store}});
  }
  absl::StatusOr<std::vector<std::unique_ptr<Device>>> devices = OpenDevices(settings);
  if (!devices.ok()) return devices.status();
  auto server = std::unique_ptr<Server>(
      new Server(settings, std::move(disk), *std::move(security), *std::move(devices)));
  if (absl::Status opened = server->OpenPorts(); !opened.ok()) return opened;
  return server;
}

Server::Server(const Settings& settings, std::unique_ptr<Disk> disk,
               std::unique_ptr<SecurityFiles> security,
               std::vector<std::unique_ptr<Device>> devices)
    : settings_(settings),
      disk_(std::move(disk)),
      security_(std::move(security)),
      metrics_address_(settings.metrics),
      metrics_(kBuildVersion),
      access_log_({.fraction = settings.access_log}, disk_->clock, LogAccess),
      device_metrics_(metrics_),
      store_metrics_(metrics_),
      security_metrics_(metrics_),
      connection_metrics_(metrics_, disk_->clock),
      heap_keeper_(disk_->clock),
      access_(security_->access(), metrics_),
      batcher_(std::make_unique<DevicePool>(
                   std::move(devices), DevicePoolOptions{.audit_fraction = settings.audit_fraction},
                   disk_->clock, device_metrics_),
               MakeBatcherOptions(settings), disk_->clock, metrics_),
      diagnostics_({.max_waiting_requests = settings.max_queue_requests}, disk_->clock, metrics_),
      feed_(RandomEpoch(), kFeedEvents),
      follower_(MakeFollower()),
      host_(*disk_->store, batcher_,
            {.max_batch_tokens = settings.max_batch_tokens,
             .allow_diagnostic_models = settings.allow_diagnostic_models}),
      manager_({.store = *disk_->store,
                .host = host_,
                .registry = registry_,
                .feed = feed_,
                .observer = *follower_,
                .clock = disk_->clock},
               MakeManagerOptions(settings)),
      request_memory_(settings.request_memory),
      workers_(WorkerPool::Options{}),
      inference_service_(
          {.backend = Backend(), .manager = manager_, .access = access_, .draining = draining_},
          {.server_version = std::string(kBuildVersion),
           .limits = {.max_rows_per_request = settings.max_rows_per_request,
                      .max_reply_bytes = settings.max_message_bytes,
                      .max_shared_bytes = settings.max_message_bytes},
           .stream_limits = {.max_bytes = settings.max_message_bytes},
           .max_queue_requests = settings.max_queue_requests,
           .max_queue_delay = settings.max_queue_delay}),
      model_store_service_({.store = *disk_->store,
                            .files = disk_->files,
                            .manager = manager_,
                            .registry = registry_,
                            .feed = feed_,
                            .store_metrics = store_metrics_,
                            .metrics = metrics_,
                            .access = access_,
                            .clock = disk_->clock}),
      devices_service_(batcher_.pool(), disk_->clock, metrics_, access_),
      health_service_(health_),
      http_(settings,
            {.backend = Backend(), .access = security_->access(), .draining = draining_}) {
  follower_->Changed();  // a store without models is ready, too
  FollowSkipped();
}

InferenceBackend Server::Backend() {
  return {.registry = registry_,
          .batcher = batcher_,
          .metrics = metrics_,
          .access_log = access_log_,
          .shared_memory = shared_memory_,
          .memory = request_memory_,
          .workers = workers_,
          .diagnostics = diagnostics_};
}

std::shared_ptr<ModelFollower> Server::MakeFollower() {
  auto follower = std::make_shared<ModelFollower>(feed_, registry_, health_, metrics_);
  feed_.AddWatcher(follower);
  return follower;
}

void Server::FollowSkipped() {
  std::set<std::string> paths;
  for (const SkippedEntry& skipped : disk_->store->Snapshot()->skipped) {
    paths.insert(skipped.path);
    if (skipped_.contains(skipped.path)) continue;
    LogWarning("store entry skipped", {{"path", skipped.path}, {"reason", skipped.reason}});
  }
  skipped_ = std::move(paths);
}

absl::Status Server::OpenPorts() {
  for (const DeviceStatus& device : batcher_.pool().Devices()) {
    const DeviceCaps& caps = device.caps;
    LogInfo("device", {{"device", caps.name}, {"kind", caps.kind}, {"detail", caps.detail}});
  }
  device_metrics_.Follow(&batcher_.pool());
  store_metrics_.Follow(disk_->store.get());
  FollowSecurityFiles();
  if (!metrics_address_.host.empty()) {
    const absl::StatusOr<int> port = metrics_.Serve(metrics_address_.host, metrics_address_.port);
    if (!port.ok()) return port.status();
    metrics_address_.port = *port;
  }
  keeper_ = std::make_unique<StoreKeeper>(
      *disk_->store, disk_->clock, StoreKeeperOptions{.poll = settings_.store_poll},
      [this] {
        FollowSkipped();
        manager_.StoreChanged();
      },
      [](const absl::Status& status) {
        if (status.ok()) {
          LogInfo("the store can be read again");
        } else {
          LogWarning("the store cannot be searched", {{"reason", std::string(status.message())}});
        }
      });
  GrpcServerOptions options{
      .listen = settings_.listen,
      .tls = security_->tls(),
      .max_message_bytes = settings_.max_message_bytes,
      .max_buffer_bytes = std::max(settings_.request_memory, 2 * settings_.max_message_bytes),
      .descriptor_limit =
          ConnectionDescriptorLimit(RaiseDescriptorLimit(), settings_.max_connections),
      .on_refused = [this] { connection_metrics_.CountRefused(); },
      .max_connection_calls = static_cast<int>(settings_.max_connection_calls),
      .max_calls = settings_.max_calls,
      .on_ended = [this](const std::string& peer) { connection_metrics_.CountEnded(peer); },
      .connection_timeout = settings_.connection_timeout,
      .connection_idle = settings_.connection_idle,
      .connection_age = settings_.connection_age,
      .keepalive_time = settings_.keepalive_time,
      .keepalive_timeout = settings_.keepalive_timeout};
  options.interceptors.push_back(std::make_unique<AuditLog>(access_, disk_->clock, LogAuditRecord));
  absl::StatusOr<std::unique_ptr<GrpcServer>> grpc = GrpcServer::Start(
      std::move(options),
      {&inference_service_, &model_store_service_, &devices_service_, &health_service_});
  if (!grpc.ok()) return grpc.status();
  grpc_ = *std::move(grpc);
  if (absl::Status opened = http_.Open(security_->tls()); !opened.ok()) return opened;
  const std::vector<Address> http = http_.addresses();
  LogInfo("listening",
          {{"grpc", FormatAddresses(grpc_->addresses())},
           {"http", http.empty() ? "off" : FormatAddresses(http)},
           {"metrics", metrics_address_.host.empty() ? "off" : metrics_address_.ToString()},
           {"version", kBuildVersion}});
  if (settings_.ports_file.empty()) return absl::OkStatus();
  return WritePortsFile(settings_.ports_file, grpc_->addresses(), http, metrics_address_);
}

void Server::FollowSecurityFiles() {
  if (security_->tls() == nullptr && !security_->access().has_tokens()) return;
  FollowCertificate();
  security_poll_ = std::make_unique<PollThread>(disk_->clock, kSecurityPoll, [this] {
    security_->Reload([this](std::string_view files, bool is_in_effect) {
      security_metrics_.CountReload(files, is_in_effect);
    });
    FollowCertificate();
  });
}

void Server::FollowCertificate() {
  if (security_->tls() == nullptr) return;
  security_metrics_.SetCertificateExpiry(security_->tls()->Get()->expires);
}

void Server::Drain() {
  const absl::Time deadline = absl::Now() + settings_.drain_timeout;
  LogInfo("draining", {{"timeout_seconds", absl::ToDoubleSeconds(settings_.drain_timeout)}});
  draining_ = true;
  // gRPC's shutdown cancels what it has received but not yet handed to a service, and clients do
  // not send a cancelled call again. So refuse first, and shut down when the rest is answered.
  batcher_.StopAccepting();
  diagnostics_.StopAccepting();
  health_.Close();
  feed_.Close();
  inference_service_.Close();
  model_store_service_.Close();
  devices_service_.Close();
  batcher_.WaitUntilIdle(deadline);
  diagnostics_.WaitUntilIdle(deadline);
  http_.Shutdown(deadline);
  grpc_->Shutdown(deadline);
  LogInfo("drained");
}

Server::~Server() {
  http_.Shutdown(absl::Now());
  grpc_.reset();
  security_poll_.reset();
  keeper_.reset();
  feed_.RemoveWatcher(follower_);  // what is unloaded now is no news
  device_metrics_.Follow(nullptr);
  store_metrics_.Follow(nullptr);
}

}  // namespace sta
