// SPDX-License-Identifier: Apache-2.0
#include "server/services/model_store_service.h"

#include <algorithm>
#include <string>
#include <vector>

#include "server/services/unary_reply.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

v1::ModelState ToProto(ModelState state) {
  switch (state) {
    case ModelState::kLoading:
      return v1::MODEL_STATE_LOADING;
    case ModelState::kReady:
      return v1::MODEL_STATE_READY;
    case ModelState::kFailed:
      break;
  }
  return v1::MODEL_STATE_FAILED;
}

void FillVersion(const ModelStatus& status, v1::ModelVersion& version) {
  version.set_name(status.name);
  version.set_version(status.version);
  version.set_state(ToProto(status.state));
  version.set_reason(status.reason);
  if (status.served == nullptr) return;
  const ModelConfig& config = status.served->model->config();
  const Manifest& manifest = status.served->model->manifest();
  version.set_task(std::string(TaskName(config.task)));
  for (const MatrixEntry& matrix : manifest.matrices) {
    ++(*version.mutable_patterns())[matrix.pattern.ToString()];
  }
  version.set_size_bytes(manifest.TotalBytes());
  version.set_max_sequence_tokens(config.max_sequence_tokens);
  version.set_hidden_size(config.hidden_size);
  version.set_arithmetic_version(manifest.arithmetic_version);
}

void FillDetails(const Manifest& manifest, v1::GetModelResponse& response) {
  for (const MatrixEntry& entry : manifest.matrices) {
    v1::Matrix& matrix = *response.add_matrices();
    matrix.set_name(entry.name);
    matrix.set_rows(entry.rows);
    matrix.set_columns(entry.columns);
    matrix.set_pattern(entry.pattern.ToString());
    matrix.set_value_bytes(entry.value_bytes);
    matrix.set_position_bytes(entry.position_bytes);
  }
  auto& provenance = *response.mutable_provenance();
  provenance["source"] = manifest.provenance.source;
  provenance["tool"] = manifest.provenance.tool;
  provenance["calibration"] = manifest.provenance.calibration;
  provenance["created"] = manifest.provenance.created;
  response.mutable_accuracy()->insert(manifest.provenance.accuracy.begin(),
                                      manifest.provenance.accuracy.end());
}

}  // namespace

grpc::ServerUnaryReactor* ModelStoreService::ListModels(grpc::CallbackServerContext* context,
                                                        const v1::ListModelsRequest* /*request*/,
                                                        v1::ListModelsResponse* response) {
  const absl::Time start = absl::Now();
  for (const ModelStatus& status : registry_.List()) FillVersion(status, *response->add_models());
  return Reply(context, metrics_, "ListModels", start, absl::OkStatus());
}

// Unlike an inference, this answers for versions that failed, too: with the reason.
absl::Status ModelStoreService::Fill(const v1::GetModelRequest& request,
                                     v1::GetModelResponse& response) const {
  if (request.version() < 0) {
    return absl::InvalidArgumentError(
        StrCat("version ", request.version(), " is negative; 0 is the newest ready one"));
  }
  const std::vector<ModelStatus> list = registry_.List();
  const auto is_asked_for = [&](const ModelStatus& status) {
    return status.name == request.name() &&
           (request.version() == 0 ? status.state == ModelState::kReady
                                   : status.version == request.version());
  };
  const auto found = std::ranges::find_if(list, is_asked_for);
  if (found == list.end()) {
    const std::string version =
        request.version() == 0 ? "a ready version" : StrCat("version ", request.version());
    return absl::NotFoundError(StrCat("there is no model '", request.name().substr(0, 128),
                                      "' with ", version, "; ListModels tells what there is"));
  }
  FillVersion(*found, *response.mutable_model());
  if (found->served != nullptr) FillDetails(found->served->model->manifest(), response);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* ModelStoreService::GetModel(grpc::CallbackServerContext* context,
                                                      const v1::GetModelRequest* request,
                                                      v1::GetModelResponse* response) {
  const absl::Time start = absl::Now();
  return Reply(context, metrics_, "GetModel", start, Fill(*request, *response), request->name());
}

}  // namespace sta
