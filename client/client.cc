// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include <algorithm>
#include <utility>

#include "client/channel.h"
#include "client/client_impl.h"
#include "client/wire.h"
#include "strings/str_cat.h"

namespace sta::client {
const Tensor* InferResult::Find(std::string_view name) const {
  const auto found = std::find_if(outputs.begin(), outputs.end(),
                                  [&](const Tensor& tensor) { return tensor.name == name; });
  return found == outputs.end() ? nullptr : &*found;
}

absl::StatusOr<std::unique_ptr<Client>> Client::Create(ClientOptions options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = MakeChannel(options);
  if (!channel.ok()) return channel.status();
  return std::unique_ptr<Client>(new Client(std::make_unique<Impl>(std::move(options), *channel)));
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
                                         const std::vector<std::string>& texts,
                                         const std::string& version) {
  const absl::StatusOr<InferResult> result = Infer(EmbedRequest(model, version, texts));
  if (!result.ok()) return result.status();
  return ReadEmbeddings(*result, texts.size());
}

absl::StatusOr<std::vector<Classification>> Client::Classify(const std::string& model,
                                                             const std::vector<std::string>& texts,
                                                             const std::string& version) {
  const absl::StatusOr<InferResult> result = Infer(ClassifyRequest(model, version, texts));
  if (!result.ok()) return result.status();
  return ReadClassifications(*result, texts.size());
}

void Client::InferAsync(const InferRequest& request, InferCallback done) {
  absl::StatusOr<inference::ModelInferRequest> proto = ToProto(request);
  if (!proto.ok()) return done(proto.status());
  impl_->InferAsync(*std::move(proto), std::move(done));
}

void Client::EmbedAsync(const std::string& model, const std::vector<std::string>& texts,
                        EmbedCallback done, const std::string& version) {
  InferAsync(EmbedRequest(model, version, texts),
             [count = texts.size(), done = std::move(done)](absl::StatusOr<InferResult> result) {
               if (!result.ok()) return done(result.status());
               done(ReadEmbeddings(*result, count));
             });
}

void Client::ClassifyAsync(const std::string& model, const std::vector<std::string>& texts,
                           ClassifyCallback done, const std::string& version) {
  InferAsync(ClassifyRequest(model, version, texts),
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

absl::StatusOr<ModelDetails> Client::GetModel(const std::string& name, const std::string& version) {
  const auto request = VersionRequest<v1::GetModelRequest>(name, version);
  if (!request.ok()) return request.status();
  const auto response =
      impl_->Call<v1::GetModelResponse>(impl_->store(), &v1::ModelStore::Stub::GetModel, *request);
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
