// SPDX-License-Identifier: Apache-2.0
//
// Server: the whole process put together from its settings, and taken apart in order.
//
//   auto server = Server::Start(settings);
//   WaitForStopSignal();
//   (*server)->Drain();
//
// Start returns when the ports are open; models load in the background. Drain blocks.
#ifndef SERVER_PROCESS_SERVER_H_
#define SERVER_PROCESS_SERVER_H_

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "accel/device.h"
#include "model_store/store/posix_file_system.h"
#include "model_store/store/version_store.h"
#include "server/config/settings.h"
#include "server/http/http_front.h"
#include "server/models/model_feed.h"
#include "server/models/model_manager.h"
#include "server/models/model_registry.h"
#include "server/models/store_keeper.h"
#include "server/observability/access_log.h"
#include "server/observability/connection_metrics.h"
#include "server/observability/device_metrics.h"
#include "server/observability/metrics.h"
#include "server/observability/security_metrics.h"
#include "server/observability/store_metrics.h"
#include "server/process/batcher_host.h"
#include "server/process/heap_keeper.h"
#include "server/process/model_follower.h"
#include "server/security/poll_thread.h"
#include "server/security/security_files.h"
#include "server/services/devices_service.h"
#include "server/services/diagnostic_runner.h"
#include "server/services/grpc_server.h"
#include "server/services/health_service.h"
#include "server/services/inference_service.h"
#include "server/services/model_store_service.h"
#include "server/services/rpc_access.h"

namespace sta {

class Server {
 public:
  // Statuses of VersionStore::Open, of OpenDevices, of the listening addresses (UNAVAILABLE) and of
  // the ports file.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Settings& settings);

  // As a kill would, but in order: what is in flight is cancelled unless Drain was called.
  ~Server();

  const Address& grpc_address() const { return grpc_->address(); }
  // None where it is turned off.
  std::vector<Address> http_addresses() const { return http_.addresses(); }
  const Address& metrics_address() const { return metrics_address_; }

  // Not ready at once, new calls refused, calls in flight finished within drain_timeout (then
  // cancelled).
  void Drain();

 private:
  struct Disk {
    PosixFileSystem files;
    SystemClock clock;
    std::unique_ptr<VersionStore> store;
  };

  Server(const Settings& settings, std::unique_ptr<Disk> disk,
         std::unique_ptr<SecurityFiles> security, std::vector<std::unique_ptr<Device>> devices);

  std::shared_ptr<ModelFollower> MakeFollower();
  // Logs what has come to be skipped in the store.
  void FollowSkipped();
  void FollowSecurityFiles();
  void FollowCertificate();
  absl::Status OpenPorts();
  InferenceBackend Backend();

  const Settings settings_;
  const std::unique_ptr<Disk> disk_;
  const std::unique_ptr<SecurityFiles> security_;
  std::set<std::string> skipped_;  // paths; the keeper's thread's, once that runs
  Address metrics_address_;
  std::atomic<bool> draining_ = false;
  Metrics metrics_;
  AccessLog access_log_;
  DeviceMetrics device_metrics_;
  StoreMetrics store_metrics_;
  SecurityMetrics security_metrics_;
  ConnectionMetrics connection_metrics_;
  HeapKeeper heap_keeper_;
  RpcAccess access_;
  HealthBoard health_;
  Batcher batcher_;
  DiagnosticRunner diagnostics_;
  ModelRegistry registry_;  // after the batcher: its leases must go first
  ModelFeed feed_;
  const std::shared_ptr<ModelFollower> follower_;
  BatcherHost host_;
  ModelManager manager_;
  SharedMemory shared_memory_;
  MemoryBudget request_memory_;
  WorkerPool workers_;
  InferenceService inference_service_;
  ModelStoreService model_store_service_;
  DevicesService devices_service_;
  HealthService health_service_;
  std::unique_ptr<StoreKeeper> keeper_;
  std::unique_ptr<PollThread> security_poll_;
  std::unique_ptr<GrpcServer> grpc_;
  HttpFront http_;
};

}  // namespace sta

#endif  // SERVER_PROCESS_SERVER_H_
