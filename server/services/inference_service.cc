// SPDX-License-Identifier: Apache-2.0
#include "server/services/inference_service.h"

#include <vector>

#include "server/services/infer_call.h"
#include "server/services/server_settings.h"
#include "server/services/statistics_message.h"
#include "server/services/unary_reply.h"
#include "strings/str_cat.h"

namespace sta {
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
  if (auto* refused = access_.Refuse(context, RuleOf("ModelReady"))) return refused;
  const absl::Time start = absl::Now();
  // A model that is not there is not ready, which is no error.
  response->set_ready(!draining_.load() &&
                      backend_.registry.Find(request->name(), request->version()).ok());
  return Reply(context, backend_.metrics, "ModelReady", start, absl::OkStatus(), request->name());
}

grpc::ServerUnaryReactor* InferenceService::ServerMetadata(
    grpc::CallbackServerContext* context, const inference::ServerMetadataRequest* /*request*/,
    inference::ServerMetadataResponse* response) {
  if (auto* refused = access_.Refuse(context, RuleOf("ServerMetadata"))) return refused;
  const absl::Time start = absl::Now();
  response->set_name("sta-server");
  response->set_version(options_.server_version);
  // Triton's by their names for it; our own service by ours.
  for (const char* extension :
       {"classification", "logging", "model_configuration", "model_repository", "schedule_policy",
        "statistics", "system_shared_memory", "sta.v1.Devices", "sta.v1.ModelStore"}) {
    response->add_extensions(extension);
  }
  return Reply(context, backend_.metrics, "ServerMetadata", start, absl::OkStatus());
}

grpc::ServerUnaryReactor* InferenceService::ModelMetadata(
    grpc::CallbackServerContext* context, const inference::ModelMetadataRequest* request,
    inference::ModelMetadataResponse* response) {
  if (auto* refused = access_.Refuse(context, RuleOf("ModelMetadata"))) return refused;
  const absl::Time start = absl::Now();
  const absl::StatusOr<std::shared_ptr<const ServedModel>> served =
      backend_.registry.Find(request->name(), request->version());
  if (served.ok()) {
    std::vector<std::string> versions;
    for (const ModelStatus& status : backend_.registry.List((*served)->name)) {
      if (status.state == ModelState::kReady) versions.push_back(StrCat(status.version));
    }
    FillModelMetadata(**served, versions, *response);
  }
  return Reply(context, backend_.metrics, "ModelMetadata", start, served.status(), request->name());
}

grpc::ServerUnaryReactor* InferenceService::ModelInfer(grpc::CallbackServerContext* context,
                                                       const inference::ModelInferRequest* request,
                                                       inference::ModelInferResponse* response) {
  if (auto* refused = access_.Refuse(context, RuleOf("ModelInfer"))) return refused;
  return InferCall::Start(backend_, options_.limits, *context, access_.NameOf(*context), *request,
                          *response);
}

grpc::ServerUnaryReactor* InferenceService::ModelConfig(
    grpc::CallbackServerContext* context, const inference::ModelConfigRequest* request,
    inference::ModelConfigResponse* response) {
  if (auto* refused = access_.Refuse(context, RuleOf("ModelConfig"))) return refused;
  const absl::Time start = absl::Now();
  const absl::StatusOr<std::shared_ptr<const ServedModel>> served =
      backend_.registry.Find(request->name(), request->version());
  if (served.ok()) {
    FillModelConfig(**served,
                    {.max_rows_per_request = options_.limits.max_rows_per_request,
                     .max_queue_requests = options_.max_queue_requests,
                     .max_queue_delay = options_.max_queue_delay},
                    *response->mutable_config());
  }
  return Reply(context, backend_.metrics, "ModelConfig", start, served.status(), request->name());
}

grpc::ServerUnaryReactor* InferenceService::ModelStatistics(
    grpc::CallbackServerContext* context, const inference::ModelStatisticsRequest* request,
    inference::ModelStatisticsResponse* response) {
  if (auto* refused = access_.Refuse(context, RuleOf("ModelStatistics"))) return refused;
  const absl::Time start = absl::Now();
  const absl::Status status =
      FillStatistics(*request, backend_.registry, backend_.metrics.statistics(), *response);
  return Reply(context, backend_.metrics, "ModelStatistics", start, status, request->name());
}

grpc::ServerUnaryReactor* InferenceService::TraceSetting(
    grpc::CallbackServerContext* context, const inference::TraceSettingRequest* request,
    inference::TraceSettingResponse* response) {
  if (auto* refused =
          access_.Refuse(context, RuleOf("TraceSetting"), request->settings_size() > 0)) {
    return refused;
  }
  const absl::Time start = absl::Now();
  absl::Status status = CheckTraceSettings(*request);
  if (status.ok() && !request->model_name().empty()) {
    status = backend_.registry.Describe(request->model_name(), "").status();
  }
  if (status.ok()) FillTraceSettings(*response);
  return Reply(context, backend_.metrics, "TraceSetting", start, status, request->model_name());
}

grpc::ServerUnaryReactor* InferenceService::LogSettings(
    grpc::CallbackServerContext* context, const inference::LogSettingsRequest* request,
    inference::LogSettingsResponse* response) {
  if (auto* refused =
          access_.Refuse(context, RuleOf("LogSettings"), request->settings_size() > 0)) {
    return refused;
  }
  const absl::Time start = absl::Now();
  LogState state = {.levels = CurrentLogLevels(), .format = CurrentLogFormat()};
  const absl::StatusOr<LogLevels> levels = ApplyLogSettings(*request, state, initial_log_levels_);
  if (levels.ok()) {
    if (!request->settings().empty()) SetLogLevels(*levels);
    state.levels = *levels;
    FillLogSettings(state, *response);
  }
  return Reply(context, backend_.metrics, "LogSettings", start, levels.status());
}

}  // namespace sta
