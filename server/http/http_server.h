// SPDX-License-Identifier: Apache-2.0
//
// HttpServer: the listening sockets of HTTP/1.1, with TLS or without, and their threads.
//
//   auto server = HttpServer::Start({.listen = {{"127.0.0.1", 0}}, ...},
//                                   [&](const auto& call) { service.Handle(call); });
//   log((*server)->addresses());                             // with the ports that were taken
//   (*server)->Shutdown(absl::Now() + absl::Seconds(20));
//
// On Boost.Beast and Boost.Asio: the threads of limits.threads serve all connections, none of which
// holds one up. Bounds are in http_limits.h.
#ifndef SERVER_HTTP_HTTP_SERVER_H_
#define SERVER_HTTP_HTTP_SERVER_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/batching/memory_budget.h"
#include "server/config/settings.h"
#include "server/http/http_limits.h"
#include "server/http/http_message.h"
#include "server/observability/http_metrics.h"
#include "server/security/tls_credentials.h"

namespace sta {

// What a server works with; all of it outlives the server.
struct HttpServerParts {
  const TlsIdentityStore* tls = nullptr;  // null: without TLS
  MemoryBudget& memory;                   // of bodies that come and answers that go
  HttpMetrics& metrics;
};

class HttpServer {
 public:
  // Called for each request on a thread of the sockets, which it must not hold up.
  using Handler = std::function<void(const std::shared_ptr<HttpCall>&)>;

  // `listen` has hosts and ports, no Unix sockets. UNAVAILABLE: an address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(std::vector<Address> listen,
                                                           const HttpServerParts& parts,
                                                           const HttpLimits& limits,
                                                           Handler handler);

  // As Shutdown(now).
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // In the order of `listen`, with the ports that were taken.
  const std::vector<Address>& addresses() const { return addresses_; }

  // Listens no more, closes the connections that wait, and the others once they are answered, at
  // the latest at `deadline`. Blocks until all are closed and no handler has a call any more.
  void Shutdown(absl::Time deadline);

 private:
  class Core;

  explicit HttpServer(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
  std::vector<Address> addresses_;
};

}  // namespace sta

#endif  // SERVER_HTTP_HTTP_SERVER_H_
