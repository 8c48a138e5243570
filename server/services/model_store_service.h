// SPDX-License-Identifier: Apache-2.0
//
// sta.v1.ModelStore over the store, the model manager and the registry. The streams are
// upload_call.h, export_call.h and watch_models_call.h; unary calls that touch the disk run on the
// engine's threads, those that load or drain a model end when the manager says so.
#ifndef SERVER_SERVICES_MODEL_STORE_SERVICE_H_
#define SERVER_SERVICES_MODEL_STORE_SERVICE_H_

#include "server/services/store_engine.h"
#include "sta/v1/model_store.grpc.pb.h"

namespace sta {

class ModelStoreService final : public v1::ModelStore::CallbackService {
 public:
  // The parts outlive the service. Calls must have ended before it is destroyed; the manager
  // answers those that it has when it is.
  explicit ModelStoreService(const ModelStoreParts& parts, const ModelStoreOptions& options = {})
      : engine_(parts, options) {}

  // Ends every Upload and Export, now and to come, with UNAVAILABLE; what came is kept. Those of
  // WatchModels end with the feed.
  void Close();

  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context,
                                       const v1::ListModelsRequest* request,
                                       v1::ListModelsResponse* response) override;
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context,
                                     const v1::GetModelRequest* request,
                                     v1::GetModelResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchModelsResponse>* WatchModels(
      grpc::CallbackServerContext* context, const v1::WatchModelsRequest* request) override;

  grpc::ServerUnaryReactor* StartUpload(grpc::CallbackServerContext* context,
                                        const v1::StartUploadRequest* request,
                                        v1::StartUploadResponse* response) override;
  grpc::ServerReadReactor<v1::UploadRequest>* Upload(grpc::CallbackServerContext* context,
                                                     v1::UploadResponse* response) override;
  grpc::ServerUnaryReactor* GetUpload(grpc::CallbackServerContext* context,
                                      const v1::GetUploadRequest* request,
                                      v1::GetUploadResponse* response) override;
  grpc::ServerUnaryReactor* ListUploads(grpc::CallbackServerContext* context,
                                        const v1::ListUploadsRequest* request,
                                        v1::ListUploadsResponse* response) override;
  grpc::ServerUnaryReactor* AbortUpload(grpc::CallbackServerContext* context,
                                        const v1::AbortUploadRequest* request,
                                        v1::AbortUploadResponse* response) override;
  grpc::ServerWriteReactor<v1::ExportResponse>* Export(grpc::CallbackServerContext* context,
                                                       const v1::ExportRequest* request) override;

  grpc::ServerUnaryReactor* SetAlias(grpc::CallbackServerContext* context,
                                     const v1::SetAliasRequest* request,
                                     v1::SetAliasResponse* response) override;
  grpc::ServerUnaryReactor* DeleteAlias(grpc::CallbackServerContext* context,
                                        const v1::DeleteAliasRequest* request,
                                        v1::DeleteAliasResponse* response) override;
  grpc::ServerUnaryReactor* DeleteVersion(grpc::CallbackServerContext* context,
                                          const v1::DeleteVersionRequest* request,
                                          v1::DeleteVersionResponse* response) override;
  grpc::ServerUnaryReactor* VerifyVersion(grpc::CallbackServerContext* context,
                                          const v1::VerifyVersionRequest* request,
                                          v1::VerifyVersionResponse* response) override;
  grpc::ServerUnaryReactor* LoadModel(grpc::CallbackServerContext* context,
                                      const v1::LoadModelRequest* request,
                                      v1::LoadModelResponse* response) override;
  grpc::ServerUnaryReactor* UnloadModel(grpc::CallbackServerContext* context,
                                        const v1::UnloadModelRequest* request,
                                        v1::UnloadModelResponse* response) override;

 private:
  absl::Status FillModel(const v1::GetModelRequest& request, v1::GetModelResponse& response) const;

  StoreEngine engine_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_MODEL_STORE_SERVICE_H_
