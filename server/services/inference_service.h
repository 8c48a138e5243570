// SPDX-License-Identifier: Apache-2.0
//
// inference.GRPCInferenceService: the six unary RPCs of the Open Inference Protocol over the model
// registry and the batcher, and Triton's model repository extension. ModelInfer is infer_call.h,
// the repository's calls are repository_calls.h; the others answer at once.
#ifndef SERVER_SERVICES_INFERENCE_SERVICE_H_
#define SERVER_SERVICES_INFERENCE_SERVICE_H_

#include <atomic>
#include <string>
#include <utility>

#include "inference/open_inference_grpc.grpc.pb.h"
#include "server/models/model_manager.h"
#include "server/services/inference.h"
#include "server/services/repository_calls.h"

namespace sta {

struct InferenceServiceOptions {
  std::string server_version;
  InferenceLimits limits;
};

// What the service works with; all of it outlives the service and its calls.
struct InferenceServiceParts {
  InferenceBackend backend;
  ModelManager& manager;
  // Set when the server drains: it is not ready any more.
  const std::atomic<bool>& draining;
};

class InferenceService final : public inference::GRPCInferenceService::CallbackService {
 public:
  InferenceService(const InferenceServiceParts& parts, InferenceServiceOptions options)
      : backend_(parts.backend),
        draining_(parts.draining),
        options_(std::move(options)),
        repository_(backend_.registry, parts.manager, backend_.metrics) {}

  grpc::ServerUnaryReactor* ServerLive(grpc::CallbackServerContext* context,
                                       const inference::ServerLiveRequest* request,
                                       inference::ServerLiveResponse* response) override;
  grpc::ServerUnaryReactor* ServerReady(grpc::CallbackServerContext* context,
                                        const inference::ServerReadyRequest* request,
                                        inference::ServerReadyResponse* response) override;
  grpc::ServerUnaryReactor* ModelReady(grpc::CallbackServerContext* context,
                                       const inference::ModelReadyRequest* request,
                                       inference::ModelReadyResponse* response) override;
  grpc::ServerUnaryReactor* ServerMetadata(grpc::CallbackServerContext* context,
                                           const inference::ServerMetadataRequest* request,
                                           inference::ServerMetadataResponse* response) override;
  grpc::ServerUnaryReactor* ModelMetadata(grpc::CallbackServerContext* context,
                                          const inference::ModelMetadataRequest* request,
                                          inference::ModelMetadataResponse* response) override;
  grpc::ServerUnaryReactor* ModelInfer(grpc::CallbackServerContext* context,
                                       const inference::ModelInferRequest* request,
                                       inference::ModelInferResponse* response) override;
  grpc::ServerUnaryReactor* RepositoryIndex(grpc::CallbackServerContext* context,
                                            const inference::RepositoryIndexRequest* request,
                                            inference::RepositoryIndexResponse* response) override {
    return repository_.Index(context, request, response);
  }
  grpc::ServerUnaryReactor* RepositoryModelLoad(
      grpc::CallbackServerContext* context, const inference::RepositoryModelLoadRequest* request,
      inference::RepositoryModelLoadResponse* /*response*/) override {
    return repository_.Load(context, request);
  }
  grpc::ServerUnaryReactor* RepositoryModelUnload(
      grpc::CallbackServerContext* context, const inference::RepositoryModelUnloadRequest* request,
      inference::RepositoryModelUnloadResponse* /*response*/) override {
    return repository_.Unload(context, request);
  }

 private:
  InferenceBackend backend_;
  const std::atomic<bool>& draining_;
  InferenceServiceOptions options_;
  RepositoryCalls repository_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_INFERENCE_SERVICE_H_
