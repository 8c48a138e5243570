// SPDX-License-Identifier: Apache-2.0
//
// InProcessServer: a whole sta-server in this process, over gRPC on free ports.
//
//   absl::StatusOr<std::unique_ptr<InProcessServer>> server = InProcessServer::Start(settings);
//   ... Client::Create({.address = (*server)->address()}) ...
#ifndef TESTS_SUPPORT_IN_PROCESS_SERVER_H_
#define TESTS_SUPPORT_IN_PROCESS_SERVER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "server/process/server.h"

namespace sta {

class InProcessServer {
 public:
  // Waits until the models are ready. `settings` say where the store is and what the devices are;
  // a program that has cards lies beside libsta_xrt.so.
  static absl::StatusOr<std::unique_ptr<InProcessServer>> Start(Settings settings);
  // Drains.
  ~InProcessServer() { server_->Drain(); }

  std::string address() const { return server_->grpc_address().ToString(); }
  Address http_address() const { return server_->http_addresses().front(); }
  // Sum of the samples of this name on the metrics page; UNAVAILABLE where it cannot be read.
  absl::StatusOr<double> Metric(const std::string& name) const;

 private:
  explicit InProcessServer(std::unique_ptr<Server> server) : server_(std::move(server)) {}

  const std::unique_ptr<Server> server_;
};

}  // namespace sta

#endif  // TESTS_SUPPORT_IN_PROCESS_SERVER_H_
