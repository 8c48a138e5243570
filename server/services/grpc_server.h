// SPDX-License-Identifier: Apache-2.0
//
// GrpcServer: the listening socket and gRPC's own threads around our services, with reflection.
//
//   auto server = GrpcServer::Start({.listen = {"127.0.0.1", 0}}, {&inference, &health});
//   log(server->address());                                  // with the port that was taken
//   (*server)->Shutdown(absl::Now() + absl::Seconds(20));
//
// Threads: all services here are of the callback API, so gRPC needs only its completion threads (in
// 1.51: half the processors, 2 to 16), however many calls are in flight. Reflection alone is a
// synchronous service; the threads that its streams take are capped.
#ifndef SERVER_SERVICES_GRPC_SERVER_H_
#define SERVER_SERVICES_GRPC_SERVER_H_

#include <grpcpp/server.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/config/settings.h"

namespace sta {

struct GrpcServerOptions {
  Address listen;
  // Larger messages of clients are refused with RESOURCE_EXHAUSTED before they are parsed.
  int64_t max_message_bytes = 64 << 20;
};

class GrpcServer {
 public:
  // The services must outlive the server. UNAVAILABLE: the address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      const GrpcServerOptions& options, const std::vector<grpc::Service*>& services);

  // Cancels what is in flight, if Shutdown was not called.
  ~GrpcServer();

  const Address& address() const { return address_; }

  // Refuses new calls at once, waits for those in flight, and cancels them at `deadline`. Blocks
  // until all have ended.
  void Shutdown(absl::Time deadline);

 private:
  GrpcServer(std::unique_ptr<grpc::Server> server, Address address);

  std::unique_ptr<grpc::Server> server_;
  Address address_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_GRPC_SERVER_H_
