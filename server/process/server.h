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

#include "absl/status/statusor.h"
#include "server/config/settings.h"
#include "server/observability/metrics.h"
#include "server/process/model_loader.h"
#include "server/services/grpc_server.h"
#include "server/services/health_service.h"
#include "server/services/inference_service.h"
#include "server/services/model_store_service.h"

namespace sta {

class Server {
 public:
  // Statuses of ScanStore, of the listening addresses (UNAVAILABLE) and of the ports file.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Settings& settings);

  // As a kill would, but in order: what is in flight is cancelled unless Drain was called.
  ~Server();

  const Address& grpc_address() const { return grpc_->address(); }
  const Address& metrics_address() const { return metrics_address_; }

  // Not ready at once, new calls refused, calls in flight finished within drain_timeout (then
  // cancelled).
  void Drain();

 private:
  Server(const Settings& settings, const StoreListing& listing);

  absl::Status OpenPorts();

  const Settings settings_;
  const StoreListing listing_;
  Address metrics_address_;
  std::atomic<bool> draining_ = false;
  SystemClock clock_;
  Metrics metrics_;
  HealthBoard health_;
  Batcher batcher_;
  ModelRegistry registry_;  // after the batcher: its leases must go first
  WorkerPool workers_;
  InferenceService inference_service_;
  ModelStoreService model_store_service_;
  HealthService health_service_;
  std::unique_ptr<ModelLoader> loader_;
  std::unique_ptr<GrpcServer> grpc_;
};

}  // namespace sta

#endif  // SERVER_PROCESS_SERVER_H_
