// SPDX-License-Identifier: Apache-2.0
#include "server/services/model_store_service.h"

#include <string>
#include <utility>

#include "server/services/export_call.h"
#include "server/services/export_reader.h"
#include "server/services/later_reply.h"
#include "server/services/store_messages.h"
#include "server/services/unary_reply.h"
#include "server/services/upload_call.h"
#include "server/services/watch_models_call.h"

// What is asked: models, versions and uploads. What is changed is model_store_changes.cc.
namespace sta {

void ModelStoreService::Close() {
  engine_.streams.Close(absl::UnavailableError("the server is shutting down"));
}

grpc::ServerUnaryReactor* ModelStoreService::ListModels(grpc::CallbackServerContext* context,
                                                        const v1::ListModelsRequest* /*request*/,
                                                        v1::ListModelsResponse* response) {
  if (auto* refused = engine_.parts.access.Refuse(context, RuleOf("ListModels"))) return refused;
  const absl::Time start = absl::Now();
  for (const ModelStatus& status : engine_.parts.registry.List()) {
    *response->add_models() = MakeModelVersion(status);
  }
  return Reply(context, engine_.parts.metrics, "ListModels", start, absl::OkStatus());
}

// Unlike an inference, this answers for versions that are not loaded, too.
absl::Status ModelStoreService::FillModel(const v1::GetModelRequest& request,
                                          v1::GetModelResponse& response) const {
  const absl::StatusOr<VersionInfo> version =
      engine_.Resolve(request.name(), request.version(), request.alias());
  if (!version.ok()) return version.status();
  const absl::StatusOr<Manifest> manifest = ReadManifest(engine_.parts.files, *version);
  if (!manifest.ok()) return manifest.status();
  *response.mutable_model() = engine_.Describe(*version);
  FillDetails(*manifest, response);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* ModelStoreService::GetModel(grpc::CallbackServerContext* context,
                                                      const v1::GetModelRequest* request,
                                                      v1::GetModelResponse* response) {
  if (auto* refused = engine_.parts.access.Refuse(context, RuleOf("GetModel"))) return refused;
  return ReplyFrom(engine_.calls,
                   LaterReply(context, engine_.parts.metrics, "GetModel", request->name()),
                   [this, request, response] { return FillModel(*request, *response); });
}

grpc::ServerWriteReactor<v1::WatchModelsResponse>* ModelStoreService::WatchModels(
    grpc::CallbackServerContext* context, const v1::WatchModelsRequest* request) {
  if (auto* refused =
          engine_.parts.access.Refuse<grpc::ServerWriteReactor<v1::WatchModelsResponse>>(
              context, RuleOf("WatchModels")))
    return refused;
  return new WatchModelsCall(engine_.parts.feed, *request);
}

grpc::ServerReadReactor<v1::UploadRequest>* ModelStoreService::Upload(
    grpc::CallbackServerContext* context, v1::UploadResponse* response) {
  if (auto* refused = engine_.parts.access.Refuse<grpc::ServerReadReactor<v1::UploadRequest>>(
          context, RuleOf("Upload")))
    return refused;
  return new UploadCall(engine_, *context, *response);
}

grpc::ServerUnaryReactor* ModelStoreService::GetUpload(grpc::CallbackServerContext* context,
                                                       const v1::GetUploadRequest* request,
                                                       v1::GetUploadResponse* response) {
  if (auto* refused = engine_.parts.access.Refuse(context, RuleOf("GetUpload"))) return refused;
  // Not where it arrived: it waits for a chunk of this upload that is being written.
  return ReplyFrom(engine_.calls, LaterReply(context, engine_.parts.metrics, "GetUpload"),
                   [this, request, response] {
                     const absl::StatusOr<UploadStatus> status =
                         engine_.parts.store.GetUpload(request->upload_id());
                     if (status.ok()) *response->mutable_upload() = MakeUploadStatus(*status);
                     return status.status();
                   });
}

grpc::ServerUnaryReactor* ModelStoreService::ListUploads(grpc::CallbackServerContext* context,
                                                         const v1::ListUploadsRequest* /*request*/,
                                                         v1::ListUploadsResponse* response) {
  if (auto* refused = engine_.parts.access.Refuse(context, RuleOf("ListUploads"))) return refused;
  return ReplyFrom(engine_.calls, LaterReply(context, engine_.parts.metrics, "ListUploads"),
                   [this, response] {
                     for (const UploadStatus& status : engine_.parts.store.ListUploads()) {
                       *response->add_uploads() = MakeUploadStatus(status);
                     }
                     return absl::OkStatus();
                   });
}

grpc::ServerWriteReactor<v1::ExportResponse>* ModelStoreService::Export(
    grpc::CallbackServerContext* context, const v1::ExportRequest* request) {
  if (auto* refused = engine_.parts.access.Refuse<grpc::ServerWriteReactor<v1::ExportResponse>>(
          context, RuleOf("Export")))
    return refused;
  return new ExportCall(engine_, *context, *request);
}

grpc::ServerUnaryReactor* ModelStoreService::VerifyVersion(grpc::CallbackServerContext* context,
                                                           const v1::VerifyVersionRequest* request,
                                                           v1::VerifyVersionResponse* response) {
  if (auto* refused = engine_.parts.access.Refuse(context, RuleOf("VerifyVersion"))) return refused;
  const auto verify = [this, request, response] {
    const absl::StatusOr<VersionInfo> version =
        engine_.Resolve(request->name(), request->version(), request->alias());
    if (!version.ok()) return version.status();
    absl::StatusOr<VerifyReport> report =
        engine_.parts.store.Verify(version->name, version->version);
    if (!report.ok()) return report.status();
    *response->mutable_model() = engine_.Describe(*version);
    response->set_error(std::move(report->error));
    response->set_verified_bytes(report->verified_bytes);
    return absl::OkStatus();
  };
  return ReplyFrom(engine_.verifications,
                   LaterReply(context, engine_.parts.metrics, "VerifyVersion", request->name()),
                   verify);
}

}  // namespace sta
