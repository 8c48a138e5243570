// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_service.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "server/batching/retry_after.h"
#include "server/http/basic_token.h"
#include "server/http/embeddings.h"
#include "server/http/http_error.h"
#include "server/http/infer_response_json.h"
#include "server/http/message_json.h"
#include "server/security/peer.h"
#include "server/services/statistics_message.h"
#include "server/status_page/status_assets.h"
#include "server/status_page/status_html.h"
#include "server/status_page/status_json.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// Larger bodies are decoded by a worker: the threads of the sockets have others waiting. About half
// a millisecond of work.
constexpr size_t kShortBodyBytes = 16 * 1024;

// What JSON takes when it is parsed, of each of its bytes, at the most: an element of two, say
// "1,", is an object of 16 in an array that may have room for twice as many.
constexpr int64_t kParsedBytesPerJsonByte = 32;

constexpr absl::Duration kRetryAfterDecoding = absl::Milliseconds(50);

// What the server offers beyond the core protocol, over HTTP; of gRPC it is another list.
constexpr const char* kExtensions[] = {"binary_tensor_data", "classification",
                                       "model_configuration", "schedule_policy", "statistics"};

absl::StatusOr<std::optional<int64_t>> ContentLengthOf(const HttpRequest& request) {
  const std::vector<std::string_view> values = request.Values("inference-header-content-length");
  if (values.empty()) return std::nullopt;
  int64_t bytes = 0;
  if (values.size() == 1 && absl::SimpleAtoi(AbslView(values.front()), &bytes) && bytes >= 0) {
    return bytes;
  }
  return absl::InvalidArgumentError(
      "Inference-Header-Content-Length: is not one whole number of bytes");
}

// Nothing where there is none, more than one, or one that is invalid.
std::optional<TraceContext> TraceOf(const HttpRequest& request) {
  const std::vector<std::string_view> values = request.Values("traceparent");
  return values.size() == 1 ? ParseTraceparent(values.front()) : std::nullopt;
}

bool IsEncoded(const HttpRequest& request) {
  const std::vector<std::string_view> values = request.Values("content-encoding");
  return !values.empty() &&
         !(values.size() == 1 && absl::EqualsIgnoreCase(AbslView(values.front()), "identity"));
}

// The response to what is not an RPC's business.
HttpResponse PlainError(int status, std::string_view message) {
  return {.status = status, .body = StrCat("{\"error\":", JsonString(message), "}")};
}

HttpResponse ErrorOf(HttpRoute route, const absl::Status& status) {
  return IsOpenAi(route) ? OpenAiErrorResponse(status) : ErrorResponse(status);
}

// To a caller who may not do that.
HttpResponse RefusalOf(HttpRoute route, const absl::Status& status) {
  HttpResponse response = ErrorOf(route, status);
  if (!IsForBrowsers(route)) return response;
  for (auto& [name, value] : response.headers) {
    if (name == "WWW-Authenticate") value = kBasicChallenge;
  }
  return response;
}

HttpResponse JsonResponse(const nlohmann::ordered_json& body, int status = 200) {
  return {.status = status,
          .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

nlohmann::ordered_json OpenAiModelJson(const ModelStatus& status) {
  return {{"id", status.name},
          {"object", "model"},
          {"created", absl::ToUnixSeconds(status.created)},
          {"owned_by", "sta-server"}};
}

CallOrigin OriginOf(const HttpRequest& request) {
  CallOrigin origin{.peer = request.peer, .authorization = request.Values("authorization")};
  if (origin.authorization.empty()) origin.certificate_names = request.certificate_names;
  return origin;
}

}  // namespace

void HttpService::Handle(const Call& call) {
  const HttpRequest& request = call->request();
  const std::optional<HttpTarget> target = FindTarget(request.path);
  if (!target.has_value()) {
    return call->Reply(PlainError(404, "nothing is served at this path; see docs/protocol.md"));
  }
  const std::string_view method = MethodOfRoute(target->route);
  const bool is_head = request.method == "HEAD" && method == "GET";
  if (request.method != method && !is_head) {
    const std::string allowed = method == "GET" ? "GET, HEAD" : std::string(method);
    HttpResponse response = PlainError(405, StrCat("allowed: ", allowed));
    response.headers.emplace_back("Allow", allowed);
    return call->Reply(std::move(response));
  }
  if (absl::Status status = CheckAccess(request, target->route); !status.ok()) {
    return call->Reply(RefusalOf(target->route, status));
  }
  if (method == "POST") return StartInfer(call, *target);
  const absl::Time start = absl::Now();
  HttpResponse response = Answer(*target);
  // As the call of gRPC that it stands for counts: one that says no is answered all the same.
  const absl::StatusCode code =
      response.status == 404 ? absl::StatusCode::kNotFound : absl::StatusCode::kOk;
  parts_.backend.metrics.CountRequest(target->model, 0, RuleOfRoute(target->route).method, code,
                                      absl::Now() - start);
  call->Reply(std::move(response));
}

absl::Status HttpService::CheckAccess(const HttpRequest& request, HttpRoute route) const {
  const RpcRule& rule = RuleOfRoute(route);
  if (rule.need == Need::kNothing || !parts_.access.has_tokens()) return absl::OkStatus();
  CallOrigin origin = OriginOf(request);
  std::string bearer;
  if (IsForBrowsers(route) && origin.authorization.size() == 1) {
    bearer = BearerOfBasic(origin.authorization.front());
    if (!bearer.empty()) origin.authorization.front() = bearer;
  }
  absl::Status status = parts_.access.Check(rule, origin, absl::Now());
  if (!status.ok()) {
    parts_.backend.metrics.CountRequest("", 0, rule.method, status.code(), absl::ZeroDuration());
  }
  return status;
}

HttpResponse HttpService::Answer(const HttpTarget& target) {
  switch (target.route) {
    case HttpRoute::kHealth:
      return Health();
    case HttpRoute::kServerLive:
      return {.body = "{\"live\":true}"};
    case HttpRoute::kServerReady: {
      const bool is_ready = Health().status == 200;
      return {.status = is_ready ? 200 : 503,
              .body = is_ready ? "{\"ready\":true}" : "{\"ready\":false}"};
    }
    case HttpRoute::kServerMetadata:
      return ServerMetadata();
    case HttpRoute::kModelReady:
      return ModelReady(target);
    case HttpRoute::kModelMetadata:
      return ModelMetadata(target);
    case HttpRoute::kModelConfig:
      return ModelConfig(target);
    case HttpRoute::kModelStatistics:
      return ModelStatistics(target);
    case HttpRoute::kStatusPage:
      return StatusPage();
    case HttpRoute::kStatusData:
      return StatusData();
    case HttpRoute::kStatusStyle:
      return {.content_type = "text/css; charset=utf-8", .body = std::string(kStatusStyle)};
    case HttpRoute::kStatusScript:
      return {.content_type = "text/javascript; charset=utf-8", .body = std::string(kStatusScript)};
    case HttpRoute::kOpenAiModels:
      return OpenAiModels();
    case HttpRoute::kOpenAiModel:
      return OpenAiModel(target);
    case HttpRoute::kModelInfer:
    case HttpRoute::kEmbeddings:
      break;
  }
  return ErrorResponse(absl::InternalError("a route without an answer"));
}

HttpResponse HttpService::Health() const {
  const bool is_draining = parts_.draining.load();
  const bool is_ready = !is_draining && parts_.backend.registry.AllReady();
  return {.status = is_ready ? 200 : 503,
          .content_type = "text/plain; charset=utf-8",
          .body = is_ready ? "ok\n" : (is_draining ? "draining\n" : "not ready\n")};
}

HttpResponse HttpService::ServerMetadata() const {
  inference::ServerMetadataResponse message;
  message.set_name("sta-server");
  message.set_version(options_.server_version);
  for (const char* extension : kExtensions) message.add_extensions(extension);
  return JsonResponse(MessageJson(message));
}

HttpResponse HttpService::ModelReady(const HttpTarget& target) const {
  const absl::StatusOr<std::shared_ptr<const ServedModel>> served =
      parts_.backend.registry.Find(target.model, target.version);
  if (absl::IsNotFound(served.status())) return ErrorResponse(served.status());
  const bool is_ready = !parts_.draining.load() && served.ok();
  return {.status = is_ready ? 200 : 503,
          .body = StrCat("{\"name\":", JsonString(target.model),
                         ",\"ready\":", is_ready ? "true" : "false", "}")};
}

HttpResponse HttpService::ModelMetadata(const HttpTarget& target) const {
  const ModelRegistry& registry = parts_.backend.registry;
  const absl::StatusOr<std::shared_ptr<const ServedModel>> served =
      registry.Find(target.model, target.version);
  if (!served.ok()) return ErrorResponse(served.status());
  std::vector<std::string> versions;
  for (const ModelStatus& status : registry.List((*served)->name)) {
    if (status.state == ModelState::kReady) versions.push_back(StrCat(status.version));
  }
  inference::ModelMetadataResponse message;
  FillModelMetadata(**served, versions, message);
  return JsonResponse(MessageJson(message));
}

HttpResponse HttpService::ModelConfig(const HttpTarget& target) const {
  const absl::StatusOr<std::shared_ptr<const ServedModel>> served =
      parts_.backend.registry.Find(target.model, target.version);
  if (!served.ok()) return ErrorResponse(served.status());
  inference::ModelConfig message;
  FillModelConfig(**served, options_.serving_limits, message);
  return JsonResponse(MessageJson(message));
}

HttpResponse HttpService::ModelStatistics(const HttpTarget& target) const {
  inference::ModelStatisticsRequest request;
  request.set_name(std::string(target.model));
  request.set_version(std::string(target.version));
  inference::ModelStatisticsResponse message;
  const absl::Status status = FillStatistics(request, parts_.backend.registry,
                                             parts_.backend.metrics.statistics(), message);
  return status.ok() ? JsonResponse(MessageJson(message)) : ErrorResponse(status);
}

HttpResponse HttpService::OpenAiModels() const {
  nlohmann::ordered_json models = nlohmann::ordered_json::array();
  std::string last;  // versions of a model stand together
  for (const ModelStatus& status : parts_.backend.registry.List()) {
    if (status.state != ModelState::kReady || status.name == last) continue;
    models.push_back(OpenAiModelJson(status));
    last = status.name;
  }
  return JsonResponse({{"object", "list"}, {"data", std::move(models)}});
}

HttpResponse HttpService::OpenAiModel(const HttpTarget& target) const {
  const absl::StatusOr<ModelStatus> status =
      parts_.backend.registry.Describe(target.model, target.version);
  if (!status.ok()) return OpenAiErrorResponse(status.status());
  return JsonResponse(OpenAiModelJson(*status));
}

HttpResponse HttpService::StatusPage() {
  return {.content_type = "text/html; charset=utf-8",
          .body = StatusHtml(status_.Report(absl::Now())),
          .headers = {{"Content-Security-Policy", std::string(kStatusPolicy)},
                      {"Cross-Origin-Resource-Policy", "same-origin"},
                      {"Referrer-Policy", "no-referrer"}}};
}

HttpResponse HttpService::StatusData() {
  return {.body = StatusJson(status_.Report(absl::Now())),
          .headers = {{"Cross-Origin-Resource-Policy", "same-origin"}}};
}

void HttpService::StartInfer(const Call& call, const HttpTarget& target) {
  if (IsEncoded(call->request())) {
    return call->Reply(PlainError(415, "Content-Encoding: allowed: identity"));
  }
  const std::string model(target.model);
  const std::string version(target.version);
  const HttpRoute route = target.route;
  if (call->request().body.size() <= kShortBodyBytes) return Infer(call, route, model, version);
  if (parts_.backend.workers.TrySubmit(
          [this, call, route, model, version] { Infer(call, route, model, version); })) {
    return;
  }
  parts_.backend.metrics.CountRejected(model, RejectReason::kWorkersFull);
  absl::Status full =
      absl::ResourceExhaustedError("too many long requests are being decoded; try again later");
  SetRetryAfter(kRetryAfterDecoding, full);
  call->Reply(ErrorOf(route, full));
}

absl::Status HttpService::Reserve(int64_t json_bytes, MemoryBudget::Share& share) const {
  return parts_.memory.Grow(share, json_bytes * kParsedBytesPerJsonByte);
}

Inference::Origin HttpService::OriginOfCall(const HttpRequest& request) const {
  return {.rpc = "ModelInfer",
          .client = parts_.access.has_tokens()
                        ? parts_.access.NameOf(OriginOf(request), absl::Now())
                        : ClientOf(request.peer),
          .trace = TraceOf(request)};
}

absl::StatusOr<InferBody> HttpService::DecodeBody(const HttpRequest& request) const {
  const absl::StatusOr<std::optional<int64_t>> json_bytes = ContentLengthOf(request);
  if (!json_bytes.ok()) return json_bytes.status();
  MemoryBudget::Share parsing;
  const int64_t body_bytes = std::ssize(request.body);
  const int64_t parsed_bytes = std::min(json_bytes->value_or(body_bytes), body_bytes);
  if (absl::Status status = Reserve(parsed_bytes, parsing); !status.ok()) return status;
  return DecodeInferBody(request.body, *json_bytes);
}

absl::StatusOr<HttpService::Inferring> HttpService::PrepareInfer(const HttpRequest& request,
                                                                 const std::string& model,
                                                                 const std::string& version) const {
  absl::StatusOr<InferBody> body = DecodeBody(request);
  if (!body.ok()) return body.status();
  body->message.set_model_name(model);
  body->message.set_model_version(version);
  return Inferring{.message = std::move(body->message),
                   .encode = [binary = std::move(body->binary)](const HttpInfer::Result& result) {
                     if (!result.status.ok()) return ErrorResponse(result.status);
                     absl::StatusOr<HttpResponse> response =
                         EncodeInferResponse(result.response, binary);
                     return response.ok() ? *std::move(response) : ErrorResponse(response.status());
                   }};
}

absl::StatusOr<HttpService::Inferring> HttpService::PrepareEmbeddings(
    const HttpRequest& request) const {
  MemoryBudget::Share parsing;
  if (absl::Status status = Reserve(std::ssize(request.body), parsing); !status.ok()) {
    return status;
  }
  absl::StatusOr<EmbeddingsRequest> embeddings = DecodeEmbeddings(request.body);
  if (!embeddings.ok()) return embeddings.status();
  if (embeddings->dimensions.has_value()) {
    const absl::StatusOr<std::shared_ptr<const ServedModel>> served =
        parts_.backend.registry.Find(embeddings->name, embeddings->version);
    if (!served.ok()) return served.status();
    const int64_t size = (*served)->model != nullptr ? (*served)->model->config().hidden_size : 0;
    if (*embeddings->dimensions != size) {
      return absl::InvalidArgumentError(
          StrCat("dimensions: ", *embeddings->dimensions, " is not this model's ", size));
    }
  }
  inference::ModelInferRequest message = EmbeddingsMessage(*embeddings);
  return Inferring{.message = std::move(message),
                   .encode = [request = *std::move(embeddings)](const HttpInfer::Result& result) {
                     if (!result.status.ok()) return OpenAiErrorResponse(result.status);
                     absl::StatusOr<std::string> body =
                         EncodeEmbeddings(request, result.response, result.tokens);
                     if (!body.ok()) return OpenAiErrorResponse(body.status());
                     return HttpResponse{.body = *std::move(body)};
                   }};
}

void HttpService::Infer(const Call& call, HttpRoute route, const std::string& model,
                        const std::string& version) {
  HttpRequest& request = call->request();
  const absl::Time start = absl::Now();
  absl::StatusOr<Inferring> inferring = route == HttpRoute::kEmbeddings
                                            ? PrepareEmbeddings(request)
                                            : PrepareInfer(request, model, version);
  std::string().swap(request.body);  // it is in the message
  if (!inferring.ok()) {
    parts_.backend.metrics.CountRequest(model, 0, "ModelInfer", inferring.status().code(),
                                        absl::Now() - start);
    return call->Reply(ErrorOf(route, inferring.status()));
  }
  HttpInfer::Start(
      {.backend = parts_.backend, .limits = options_.limits, .origin = OriginOfCall(request)}, call,
      std::move(inferring->message), std::move(inferring->encode));
}

}  // namespace sta
