// SPDX-License-Identifier: Apache-2.0
//
// HttpService: what is served over HTTP, by the same registry, batcher and checks as gRPC: the Open
// Inference Protocol's REST form with Triton's binary tensors, OpenAI's embeddings, probes, and a
// page for people. The sockets are http_server.h.
//
//   HttpService service(parts, options);
//   service.Handle(call);           // which is replied to, now or later
//
// Thread-safe; no call blocks. All of the parts outlive the service and its calls.
#ifndef SERVER_HTTP_HTTP_SERVICE_H_
#define SERVER_HTTP_HTTP_SERVICE_H_

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/batching/memory_budget.h"
#include "server/http/http_infer.h"
#include "server/http/http_message.h"
#include "server/http/http_routes.h"
#include "server/http/infer_request_json.h"
#include "server/security/access_control.h"
#include "server/services/inference.h"
#include "server/services/model_messages.h"
#include "server/status_page/status_report.h"

namespace sta {

struct HttpServiceParts {
  InferenceBackend backend;
  const AccessControl& access;
  // Set when the server drains: it is not ready any more.
  const std::atomic<bool>& draining;
  // Of what HTTP holds of requests before they are decoded.
  MemoryBudget& memory;
};

struct HttpServiceOptions {
  std::string server_version;
  InferenceLimits limits;
  ServingLimits serving_limits;  // what is told of a model
};

class HttpService {
 public:
  HttpService(const HttpServiceParts& parts, HttpServiceOptions options)
      : parts_(parts),
        options_(std::move(options)),
        status_({.registry = parts.backend.registry,
                 .pool = parts.backend.batcher.pool(),
                 .statistics = parts.backend.metrics.statistics(),
                 .draining = parts.draining},
                options_.server_version, absl::Now()) {}

  void Handle(const std::shared_ptr<HttpCall>& call);

 private:
  using Call = std::shared_ptr<HttpCall>;

  absl::Status CheckAccess(const HttpRequest& request, HttpRoute route) const;
  // Routes that are answered at once.
  HttpResponse Answer(const HttpTarget& target);
  HttpResponse Health() const;
  HttpResponse ServerMetadata() const;
  HttpResponse ModelReady(const HttpTarget& target) const;
  HttpResponse ModelMetadata(const HttpTarget& target) const;
  HttpResponse ModelConfig(const HttpTarget& target) const;
  HttpResponse ModelStatistics(const HttpTarget& target) const;

  HttpResponse OpenAiModels() const;
  HttpResponse OpenAiModel(const HttpTarget& target) const;
  HttpResponse StatusPage();
  HttpResponse StatusData();

  // What is inferred, and how its result is told.
  struct Inferring {
    inference::ModelInferRequest message;
    HttpInfer::Encode encode;
  };
  absl::StatusOr<Inferring> PrepareInfer(const HttpRequest& request, const std::string& model,
                                         const std::string& version) const;
  absl::StatusOr<Inferring> PrepareEmbeddings(const HttpRequest& request) const;
  // Decodes the body here, or on a worker where it is long.
  void StartInfer(const Call& call, const HttpTarget& target);
  void Infer(const Call& call, HttpRoute route, const std::string& model,
             const std::string& version);
  absl::StatusOr<InferBody> DecodeBody(const HttpRequest& request) const;
  // What a request costs while its JSON is looked at.
  absl::Status Reserve(int64_t json_bytes, MemoryBudget::Share& share) const;
  Inference::Origin OriginOfCall(const HttpRequest& request) const;

  const HttpServiceParts parts_;
  const HttpServiceOptions options_;
  StatusReporter status_;
};

}  // namespace sta

#endif  // SERVER_HTTP_HTTP_SERVICE_H_
