// SPDX-License-Identifier: Apache-2.0
#include "server/services/inference_service.h"

#include "server/services/infer_call.h"
#include "server/services/model_signature.h"
#include "server/services/unary_reply.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

void FillTensors(
    const std::vector<TensorSpec>& specs,
    google::protobuf::RepeatedPtrField<inference::ModelMetadataResponse::TensorMetadata>* tensors) {
  for (const TensorSpec& spec : specs) {
    auto* tensor = tensors->Add();
    tensor->set_name(spec.name);
    tensor->set_datatype(spec.datatype);
    for (const int64_t size : spec.shape) tensor->add_shape(size);
  }
}

void FillMetadata(const ServedModel& served, const ModelRegistry& registry,
                  inference::ModelMetadataResponse& response) {
  const ModelConfig& config = served.model->config();
  response.set_name(served.name);
  for (const ModelStatus& status : registry.List()) {
    if (status.name == served.name && status.state == ModelState::kReady) {
      response.add_versions(StrCat(status.version));
    }
  }
  response.set_platform("sta_nm_encoder");
  FillTensors(InputSpecs(config), response.mutable_inputs());
  FillTensors(OutputSpecs(config), response.mutable_outputs());
  auto& properties = *response.mutable_properties();
  properties["task"] = TaskName(config.task);
  properties["max_sequence_tokens"] = StrCat(config.max_sequence_tokens);
  properties["text_truncation_tokens"] = StrCat(config.text_truncation_tokens);
  properties["arithmetic_version"] = StrCat(served.model->manifest().arithmetic_version);
}

}  // namespace

grpc::ServerUnaryReactor* InferenceService::ServerLive(
    grpc::CallbackServerContext* context, const inference::ServerLiveRequest* /*request*/,
    inference::ServerLiveResponse* response) {
  const absl::Time start = absl::Now();
  response->set_live(true);
  return Reply(context, backend_.metrics, "ServerLive", start, absl::OkStatus());
}

grpc::ServerUnaryReactor* InferenceService::ServerReady(
    grpc::CallbackServerContext* context, const inference::ServerReadyRequest* /*request*/,
    inference::ServerReadyResponse* response) {
  const absl::Time start = absl::Now();
  response->set_ready(!draining_.load() && backend_.registry.AllReady());
  return Reply(context, backend_.metrics, "ServerReady", start, absl::OkStatus());
}

grpc::ServerUnaryReactor* InferenceService::ModelReady(grpc::CallbackServerContext* context,
                                                       const inference::ModelReadyRequest* request,
                                                       inference::ModelReadyResponse* response) {
  const absl::Time start = absl::Now();
  // A model that is not there is not ready, which is no error.
  response->set_ready(!draining_.load() &&
                      backend_.registry.Find(request->name(), request->version()).ok());
  return Reply(context, backend_.metrics, "ModelReady", start, absl::OkStatus(), request->name());
}

grpc::ServerUnaryReactor* InferenceService::ServerMetadata(
    grpc::CallbackServerContext* context, const inference::ServerMetadataRequest* /*request*/,
    inference::ServerMetadataResponse* response) {
  const absl::Time start = absl::Now();
  response->set_name("sta-server");
  response->set_version(options_.server_version);
  // Triton's by its name for it; our own service by ours.
  response->add_extensions("model_repository");
  response->add_extensions("sta.v1.ModelStore");
  return Reply(context, backend_.metrics, "ServerMetadata", start, absl::OkStatus());
}

grpc::ServerUnaryReactor* InferenceService::ModelMetadata(
    grpc::CallbackServerContext* context, const inference::ModelMetadataRequest* request,
    inference::ModelMetadataResponse* response) {
  const absl::Time start = absl::Now();
  const absl::StatusOr<std::shared_ptr<const ServedModel>> served =
      backend_.registry.Find(request->name(), request->version());
  if (served.ok()) FillMetadata(**served, backend_.registry, *response);
  return Reply(context, backend_.metrics, "ModelMetadata", start, served.status(), request->name());
}

grpc::ServerUnaryReactor* InferenceService::ModelInfer(grpc::CallbackServerContext* context,
                                                       const inference::ModelInferRequest* request,
                                                       inference::ModelInferResponse* response) {
  return InferCall::Start(backend_, options_.limits, *context, *request, *response);
}

}  // namespace sta
