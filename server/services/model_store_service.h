// SPDX-License-Identifier: Apache-2.0
//
// sta.v1.ModelStore over the model registry: which models there are and what they are made of.
#ifndef SERVER_SERVICES_MODEL_STORE_SERVICE_H_
#define SERVER_SERVICES_MODEL_STORE_SERVICE_H_

#include "server/models/model_registry.h"
#include "server/observability/metrics.h"
#include "sta/v1/model_store.grpc.pb.h"

namespace sta {

class ModelStoreService final : public v1::ModelStore::CallbackService {
 public:
  // Both outlive the service.
  ModelStoreService(const ModelRegistry& registry, Metrics& metrics)
      : registry_(registry), metrics_(metrics) {}

  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context,
                                       const v1::ListModelsRequest* request,
                                       v1::ListModelsResponse* response) override;
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context,
                                     const v1::GetModelRequest* request,
                                     v1::GetModelResponse* response) override;

 private:
  absl::Status Fill(const v1::GetModelRequest& request, v1::GetModelResponse& response) const;

  const ModelRegistry& registry_;
  Metrics& metrics_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_MODEL_STORE_SERVICE_H_
