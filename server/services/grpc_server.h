// SPDX-License-Identifier: Apache-2.0
//
// GrpcServer: the listening sockets and gRPC's own threads around our services, with reflection.
//
//   auto server = GrpcServer::Start({.listen = {{"127.0.0.1", 0}}}, {&inference, &health});
//   log((*server)->address());                               // with the port that was taken
//   (*server)->Shutdown(absl::Now() + absl::Seconds(20));
//
// Connections are accepted by us, not by gRPC (connection_acceptor.h says why), and bounded.
//
// Threads: one that accepts, one that watches over the number of calls; all services here are of
// the callback API, so gRPC needs only its completion threads (in 1.51: half the processors, 2 to
// 16), however many calls are in flight. Reflection alone is a synchronous service; the threads
// that its streams take are capped.
#ifndef SERVER_SERVICES_GRPC_SERVER_H_
#define SERVER_SERVICES_GRPC_SERVER_H_

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/server_interceptor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/config/settings.h"
#include "server/security/tls_credentials.h"
#include "server/services/connection_acceptor.h"
#include "server/services/listening_sockets.h"

namespace sta {

struct GrpcServerOptions {
  std::vector<Address> listen;  // at least one
  // Of what is not a Unix socket; null: without TLS. It outlives the server.
  const TlsIdentityStore* tls = nullptr;
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors =
      {};
  // Larger messages of clients are refused with RESOURCE_EXHAUSTED before they are parsed.
  int64_t max_message_bytes = 64 << 20;
  // What gRPC's own buffers may take in memory; beyond it streams are ended with
  // RESOURCE_EXHAUSTED.
  int64_t max_buffer_bytes = 512 << 20;
  // A new connection whose descriptor is this or above is closed at once, and `on_refused` called.
  int descriptor_limit = 10'000;
  std::function<void()> on_refused = [] {};
  // Calls that one connection may have open; further ones wait at the client.
  int max_connection_calls = 8192;
  // Calls of all connections that may be in memory; call_guard.h says what happens beyond.
  int64_t max_calls = 20'000;
  // Called for each connection that is ended because of that, with its client's address.
  std::function<void(const std::string& peer)> on_ended = [](const std::string&) {};
  // A connection must have begun after so long: TLS, and the greeting of HTTP/2.
  absl::Duration connection_timeout = absl::Seconds(20);
  // A connection without calls is ended after so long.
  absl::Duration connection_idle = absl::Hours(1);
  // A connection is ended after so long, a tenth more or less, when its calls are finished; those
  // that its client begins meanwhile go to another connection. 0: no bound.
  absl::Duration connection_age = absl::ZeroDuration();
  // A peer from which nothing came for so long is pinged, and is gone when it does not answer in
  // time.
  absl::Duration keepalive_time = absl::Seconds(60);
  absl::Duration keepalive_timeout = absl::Seconds(20);
};

class GrpcServer {
 public:
  // The services must outlive the server. UNAVAILABLE: an address cannot be listened on
  // (listening_sockets.h).
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      GrpcServerOptions options, const std::vector<grpc::Service*>& services);

  // Cancels what is in flight, if Shutdown was not called.
  ~GrpcServer();

  // In the order of the options, with the ports that were taken.
  const std::vector<Address>& addresses() const { return addresses_; }
  const Address& address() const { return addresses_.front(); }

  // Refuses new calls at once, waits for those in flight, and cancels them at `deadline`. Blocks
  // until all have ended.
  void Shutdown(absl::Time deadline);

 private:
  class CallWatch;

  // An address, and what gRPC takes its connections with.
  struct Port {
    ListeningSockets sockets;
    std::shared_ptr<grpc::ServerCredentials> credentials;  // gRPC asks them for certificates
    std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> entrance;
  };

  GrpcServer(const GrpcServerOptions& options, std::vector<Port> ports,
             std::unique_ptr<grpc::Server> server);

  std::vector<Port> ports_;
  std::vector<Address> addresses_;
  const std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<ConnectionAcceptor> acceptor_;  // null after Shutdown
  std::unique_ptr<CallWatch> watch_;              // null after Shutdown
};

}  // namespace sta

#endif  // SERVER_SERVICES_GRPC_SERVER_H_
