// SPDX-License-Identifier: Apache-2.0
//
// HttpFront: all that the process has for HTTP, put together from its settings: the service, its
// memory, its metrics and its sockets.
//
//   HttpFront http(settings, {.backend = backend, .access = access, .draining = draining});
//   absl::Status opened = http.Open(tls);
//   http.Shutdown(deadline);
//
// Turned off by the settings it has no address, and opens nothing.
#ifndef SERVER_HTTP_HTTP_FRONT_H_
#define SERVER_HTTP_HTTP_FRONT_H_

#include <atomic>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/batching/memory_budget.h"
#include "server/config/settings.h"
#include "server/http/http_server.h"
#include "server/http/http_service.h"
#include "server/observability/http_metrics.h"
#include "server/security/access_control.h"
#include "server/security/tls_credentials.h"
#include "server/services/inference.h"

namespace sta {

// All of it outlives the front.
struct HttpFrontParts {
  InferenceBackend backend;
  const AccessControl& access;
  const std::atomic<bool>& draining;
};

class HttpFront {
 public:
  HttpFront(const Settings& settings, const HttpFrontParts& parts);

  // UNAVAILABLE: an address cannot be listened on. `tls`, which outlives the front: null for none.
  absl::Status Open(const TlsIdentityStore* tls);

  // With the ports that were taken.
  std::vector<Address> addresses() const;

  // As HttpServer::Shutdown.
  void Shutdown(absl::Time deadline);

 private:
  const std::vector<Address> listen_;
  const HttpLimits limits_;
  HttpMetrics metrics_;
  MemoryBudget memory_;
  HttpService service_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace sta

#endif  // SERVER_HTTP_HTTP_FRONT_H_
