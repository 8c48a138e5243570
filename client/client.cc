// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "client/wire.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "inference/open_inference_grpc.grpc.pb.h"
#include "sta/v1/model_store.grpc.pb.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

constexpr int kMaxAttempts = 5;

// gRPC retries only while no part of an answer has arrived.
std::string ServiceConfig(int max_attempts) {
  if (max_attempts == 1) return "{}";
  return StrCat(R"({"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":)", max_attempts,
                R"(,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,)",
                R"("retryableStatusCodes":["UNAVAILABLE"]}}]})");
}

std::shared_ptr<grpc::Channel> MakeChannel(const ClientOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(ServiceConfig(options.max_attempts));
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, options.max_attempts > 1 ? 1 : 0);
  arguments.SetMaxReceiveMessageSize(options.max_response_bytes);
  arguments.SetUserAgentPrefix("sta-client");
  return grpc::CreateCustomChannel(options.address, grpc::InsecureChannelCredentials(), arguments);
}

absl::Status CheckOptions(const ClientOptions& options) {
  const size_t colon = options.address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == options.address.size()) {
    return absl::InvalidArgumentError(
        StrCat("server address '", options.address, "' is not host:port"));
  }
  if (options.timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        StrCat("timeout ", absl::FormatDuration(options.timeout), " is not over zero"));
  }
  if (options.max_attempts < 1 || options.max_attempts > kMaxAttempts) {
    return absl::InvalidArgumentError(
        StrCat("max_attempts ", options.max_attempts, " is not in 1..", kMaxAttempts));
  }
  if (options.max_response_bytes < 1) {
    return absl::InvalidArgumentError(
        StrCat("max_response_bytes ", options.max_response_bytes, " is not over zero"));
  }
  return absl::OkStatus();
}

}  // namespace

const Tensor* InferResult::Find(std::string_view name) const {
  const auto found = std::find_if(outputs.begin(), outputs.end(),
                                  [&](const Tensor& tensor) { return tensor.name == name; });
  return found == outputs.end() ? nullptr : &*found;
}

class Client::Impl {
 public:
  explicit Impl(ClientOptions options)
      : options_(std::move(options)),
        channel_(MakeChannel(options_)),
        inference_(inference::GRPCInferenceService::NewStub(channel_)),
        store_(v1::ModelStore::NewStub(channel_)),
        health_(grpc::health::v1::Health::NewStub(channel_)) {}

  ~Impl() {
    CancelPending();
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](int64_t* unfinished) { return *unfinished == 0; }, &unfinished_));
  }

  inference::GRPCInferenceService::Stub& inference() { return *inference_; }
  v1::ModelStore::Stub& store() { return *store_; }
  grpc::health::v1::Health::Stub& health() { return *health_; }

  // A blocking unary call: `method` is a member function of `stub`.
  template <typename Response, typename Stub, typename Method, typename Request>
  absl::StatusOr<Response> Call(Stub& stub, Method method, const Request& request) {
    grpc::ClientContext context;
    SetDeadline(&context);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return StatusFromGrpc(status);
    return response;
  }

  void InferAsync(inference::ModelInferRequest request, InferCallback done) {
    auto* call = new AsyncCall{{}, std::move(request), {}, std::move(done)};
    SetDeadline(&call->context);
    {
      absl::MutexLock lock(&mutex_);
      pending_.insert(&call->context);
      ++unfinished_;
    }
    inference_->async()->ModelInfer(
        &call->context, &call->request, &call->response,
        [this, call](const grpc::Status& status) { Finish(call, status); });
  }

  void CancelPending() {
    absl::MutexLock lock(&mutex_);
    for (grpc::ClientContext* context : pending_) context->TryCancel();
  }

 private:
  struct AsyncCall {
    grpc::ClientContext context;
    inference::ModelInferRequest request;
    inference::ModelInferResponse response;
    InferCallback done;
  };

  void Finish(AsyncCall* raw_call, const grpc::Status& status) {
    std::unique_ptr<AsyncCall> call(raw_call);
    if (status.ok()) {
      call->done(FromProto(call->response));
    } else {
      call->done(StatusFromGrpc(status));
    }
    {
      absl::MutexLock lock(&mutex_);
      pending_.erase(&call->context);
    }
    call.reset();
    absl::MutexLock lock(&mutex_);
    --unfinished_;
  }

  void SetDeadline(grpc::ClientContext* context) const {
    if (options_.timeout == absl::InfiniteDuration()) return;
    context->set_deadline(std::chrono::system_clock::now() +
                          absl::ToChronoNanoseconds(options_.timeout));
  }

  const ClientOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<inference::GRPCInferenceService::Stub> inference_;
  const std::unique_ptr<v1::ModelStore::Stub> store_;
  const std::unique_ptr<grpc::health::v1::Health::Stub> health_;
  absl::Mutex mutex_;
  // Those that may be cancelled, and how many have not been destroyed yet.
  absl::flat_hash_set<grpc::ClientContext*> pending_ ABSL_GUARDED_BY(mutex_);
  int64_t unfinished_ ABSL_GUARDED_BY(mutex_) = 0;
};

absl::StatusOr<std::unique_ptr<Client>> Client::Create(ClientOptions options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  return std::unique_ptr<Client>(new Client(std::make_unique<Impl>(std::move(options))));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

using InferStub = inference::GRPCInferenceService::Stub;

absl::StatusOr<InferResult> Client::Infer(const InferRequest& request) {
  const absl::StatusOr<inference::ModelInferRequest> proto = ToProto(request);
  if (!proto.ok()) return proto.status();
  const auto response = impl_->Call<inference::ModelInferResponse>(impl_->inference(),
                                                                   &InferStub::ModelInfer, *proto);
  if (!response.ok()) return response.status();
  return FromProto(*response);
}

absl::StatusOr<Embeddings> Client::Embed(const std::string& model,
                                         const std::vector<std::string>& texts) {
  const absl::StatusOr<InferResult> result = Infer(EmbedRequest(model, texts));
  if (!result.ok()) return result.status();
  return ReadEmbeddings(*result, texts.size());
}

absl::StatusOr<std::vector<Classification>> Client::Classify(
    const std::string& model, const std::vector<std::string>& texts) {
  const absl::StatusOr<InferResult> result = Infer(ClassifyRequest(model, texts));
  if (!result.ok()) return result.status();
  return ReadClassifications(*result, texts.size());
}

void Client::InferAsync(const InferRequest& request, InferCallback done) {
  absl::StatusOr<inference::ModelInferRequest> proto = ToProto(request);
  if (!proto.ok()) return done(proto.status());
  impl_->InferAsync(*std::move(proto), std::move(done));
}

void Client::EmbedAsync(const std::string& model, const std::vector<std::string>& texts,
                        EmbedCallback done) {
  InferAsync(EmbedRequest(model, texts),
             [count = texts.size(), done = std::move(done)](absl::StatusOr<InferResult> result) {
               if (!result.ok()) return done(result.status());
               done(ReadEmbeddings(*result, count));
             });
}

void Client::ClassifyAsync(const std::string& model, const std::vector<std::string>& texts,
                           ClassifyCallback done) {
  InferAsync(ClassifyRequest(model, texts),
             [count = texts.size(), done = std::move(done)](absl::StatusOr<InferResult> result) {
               if (!result.ok()) return done(result.status());
               done(ReadClassifications(*result, count));
             });
}

void Client::CancelPending() { impl_->CancelPending(); }

absl::StatusOr<std::vector<ModelVersion>> Client::ListModels() {
  const auto response = impl_->Call<v1::ListModelsResponse>(
      impl_->store(), &v1::ModelStore::Stub::ListModels, v1::ListModelsRequest());
  if (!response.ok()) return response.status();
  std::vector<ModelVersion> versions;
  for (const v1::ModelVersion& version : response->models()) versions.push_back(FromProto(version));
  return versions;
}

absl::StatusOr<ModelDetails> Client::GetModel(const std::string& name, int64_t version) {
  v1::GetModelRequest request;
  request.set_name(name);
  request.set_version(version);
  const auto response =
      impl_->Call<v1::GetModelResponse>(impl_->store(), &v1::ModelStore::Stub::GetModel, request);
  if (!response.ok()) return response.status();
  return FromProto(*response);
}

absl::StatusOr<ServerInfo> Client::ServerMetadata() {
  const auto response = impl_->Call<inference::ServerMetadataResponse>(
      impl_->inference(), &InferStub::ServerMetadata, inference::ServerMetadataRequest());
  if (!response.ok()) return response.status();
  return ServerInfo{response->name(),
                    response->version(),
                    {response->extensions().begin(), response->extensions().end()}};
}

absl::StatusOr<ModelInfo> Client::ModelMetadata(const std::string& name,
                                                const std::string& version) {
  inference::ModelMetadataRequest request;
  request.set_name(name);
  request.set_version(version);
  const auto response = impl_->Call<inference::ModelMetadataResponse>(
      impl_->inference(), &InferStub::ModelMetadata, request);
  if (!response.ok()) return response.status();
  return FromProto(*response);
}

absl::StatusOr<bool> Client::ServerLive() {
  const auto response = impl_->Call<inference::ServerLiveResponse>(
      impl_->inference(), &InferStub::ServerLive, inference::ServerLiveRequest());
  if (!response.ok()) return response.status();
  return response->live();
}

absl::StatusOr<bool> Client::ServerReady() {
  const auto response = impl_->Call<inference::ServerReadyResponse>(
      impl_->inference(), &InferStub::ServerReady, inference::ServerReadyRequest());
  if (!response.ok()) return response.status();
  return response->ready();
}

absl::StatusOr<bool> Client::ModelReady(const std::string& name, const std::string& version) {
  inference::ModelReadyRequest request;
  request.set_name(name);
  request.set_version(version);
  const auto response = impl_->Call<inference::ModelReadyResponse>(impl_->inference(),
                                                                   &InferStub::ModelReady, request);
  if (!response.ok()) return response.status();
  return response->ready();
}

absl::StatusOr<Health> Client::CheckHealth(const std::string& service) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  const auto response = impl_->Call<grpc::health::v1::HealthCheckResponse>(
      impl_->health(), &grpc::health::v1::Health::Stub::Check, request);
  if (!response.ok()) return response.status();
  switch (response->status()) {
    case grpc::health::v1::HealthCheckResponse::SERVING:
      return Health::kServing;
    case grpc::health::v1::HealthCheckResponse::NOT_SERVING:
      return Health::kNotServing;
    default:
      return Health::kUnknown;
  }
}

}  // namespace sta::client
