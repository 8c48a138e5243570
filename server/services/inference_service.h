// SPDX-License-Identifier: Apache-2.0
//
// inference.GRPCInferenceService: the Open Inference Protocol over the model registry and the
// batcher, and Triton's extensions. ModelInfer is infer_call.h, ModelStreamInfer is
// stream_infer_call.h, the repository's calls are repository_calls.h, those of shared memory are
// shared_memory_calls.h; the others answer at once.
#ifndef SERVER_SERVICES_INFERENCE_SERVICE_H_
#define SERVER_SERVICES_INFERENCE_SERVICE_H_

#include <atomic>
#include <string>
#include <utility>

#include "inference/open_inference_grpc.grpc.pb.h"
#include "server/models/model_manager.h"
#include "server/observability/logging.h"
#include "server/services/inference.h"
#include "server/services/model_messages.h"
#include "server/services/open_streams.h"
#include "server/services/repository_calls.h"
#include "server/services/rpc_access.h"
#include "server/services/shared_memory_calls.h"
#include "server/services/stream_infer_call.h"

namespace sta {

struct InferenceServiceOptions {
  std::string server_version;
  InferenceLimits limits;
  StreamLimits stream_limits;
  // What ModelConfig tells besides.
  int64_t max_queue_requests = 4096;
  absl::Duration max_queue_delay;
};

// What the service works with; all of it outlives the service and its calls.
struct InferenceServiceParts {
  InferenceBackend backend;
  ModelManager& manager;
  const RpcAccess& access;
  // Set when the server drains: it is not ready any more.
  const std::atomic<bool>& draining;
};

class InferenceService final : public inference::GRPCInferenceService::CallbackService {
 public:
  InferenceService(const InferenceServiceParts& parts, InferenceServiceOptions options)
      : backend_(parts.backend),
        access_(parts.access),
        draining_(parts.draining),
        options_(std::move(options)),
        stream_parts_({.backend = backend_,
                       .limits = options_.limits,
                       .stream_limits = options_.stream_limits,
                       .streams = streams_}),
        repository_(backend_.registry, parts.manager, backend_.metrics),
        shared_memory_(backend_.shared_memory, backend_.metrics) {}

  // Ends all streams, now and to come, with UNAVAILABLE, each after what it has in flight.
  void Close() { streams_.Close(absl::UnavailableError("the server is shutting down")); }

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
  grpc::ServerBidiReactor<inference::ModelInferRequest, inference::ModelStreamInferResponse>*
  ModelStreamInfer(grpc::CallbackServerContext* context) override {
    using Stream =
        grpc::ServerBidiReactor<inference::ModelInferRequest, inference::ModelStreamInferResponse>;
    if (auto* refused = access_.Refuse<Stream>(context, RuleOf("ModelStreamInfer"))) return refused;
    return new StreamInferCall(stream_parts_, *context, access_.NameOf(*context));
  }
  grpc::ServerUnaryReactor* ModelConfig(grpc::CallbackServerContext* context,
                                        const inference::ModelConfigRequest* request,
                                        inference::ModelConfigResponse* response) override;
  grpc::ServerUnaryReactor* ModelStatistics(grpc::CallbackServerContext* context,
                                            const inference::ModelStatisticsRequest* request,
                                            inference::ModelStatisticsResponse* response) override;
  grpc::ServerUnaryReactor* TraceSetting(grpc::CallbackServerContext* context,
                                         const inference::TraceSettingRequest* request,
                                         inference::TraceSettingResponse* response) override;
  grpc::ServerUnaryReactor* LogSettings(grpc::CallbackServerContext* context,
                                        const inference::LogSettingsRequest* request,
                                        inference::LogSettingsResponse* response) override;
  grpc::ServerUnaryReactor* RepositoryIndex(grpc::CallbackServerContext* context,
                                            const inference::RepositoryIndexRequest* request,
                                            inference::RepositoryIndexResponse* response) override {
    if (auto* refused = access_.Refuse(context, RuleOf("RepositoryIndex"))) return refused;
    return repository_.Index(context, request, response);
  }
  grpc::ServerUnaryReactor* RepositoryModelLoad(
      grpc::CallbackServerContext* context, const inference::RepositoryModelLoadRequest* request,
      inference::RepositoryModelLoadResponse* /*response*/) override {
    if (auto* refused = access_.Refuse(context, RuleOf("RepositoryModelLoad"))) return refused;
    return repository_.Load(context, request);
  }
  grpc::ServerUnaryReactor* RepositoryModelUnload(
      grpc::CallbackServerContext* context, const inference::RepositoryModelUnloadRequest* request,
      inference::RepositoryModelUnloadResponse* /*response*/) override {
    if (auto* refused = access_.Refuse(context, RuleOf("RepositoryModelUnload"))) return refused;
    return repository_.Unload(context, request);
  }
  grpc::ServerUnaryReactor* SystemSharedMemoryStatus(
      grpc::CallbackServerContext* context,
      const inference::SystemSharedMemoryStatusRequest* request,
      inference::SystemSharedMemoryStatusResponse* response) override {
    if (auto* refused = access_.Refuse(context, RuleOf("SystemSharedMemoryStatus"))) return refused;
    return shared_memory_.Status(context, request, response);
  }
  grpc::ServerUnaryReactor* SystemSharedMemoryRegister(
      grpc::CallbackServerContext* context,
      const inference::SystemSharedMemoryRegisterRequest* request,
      inference::SystemSharedMemoryRegisterResponse* /*response*/) override {
    if (auto* refused = access_.Refuse(context, RuleOf("SystemSharedMemoryRegister")))
      return refused;
    return shared_memory_.Register(context, request);
  }
  grpc::ServerUnaryReactor* SystemSharedMemoryUnregister(
      grpc::CallbackServerContext* context,
      const inference::SystemSharedMemoryUnregisterRequest* request,
      inference::SystemSharedMemoryUnregisterResponse* /*response*/) override {
    if (auto* refused = access_.Refuse(context, RuleOf("SystemSharedMemoryUnregister")))
      return refused;
    return shared_memory_.Unregister(context, request);
  }
  grpc::ServerUnaryReactor* CudaSharedMemoryStatus(
      grpc::CallbackServerContext* context, const inference::CudaSharedMemoryStatusRequest* request,
      inference::CudaSharedMemoryStatusResponse* /*response*/) override {
    if (auto* refused = access_.Refuse(context, RuleOf("CudaSharedMemoryStatus"))) return refused;
    return shared_memory_.CudaStatus(context, request);
  }
  grpc::ServerUnaryReactor* CudaSharedMemoryRegister(
      grpc::CallbackServerContext* context,
      const inference::CudaSharedMemoryRegisterRequest* /*request*/,
      inference::CudaSharedMemoryRegisterResponse* /*response*/) override {
    if (auto* refused = access_.Refuse(context, RuleOf("CudaSharedMemoryRegister"))) return refused;
    return shared_memory_.CudaRegister(context);
  }
  grpc::ServerUnaryReactor* CudaSharedMemoryUnregister(
      grpc::CallbackServerContext* context,
      const inference::CudaSharedMemoryUnregisterRequest* /*request*/,
      inference::CudaSharedMemoryUnregisterResponse* /*response*/) override {
    if (auto* refused = access_.Refuse(context, RuleOf("CudaSharedMemoryUnregister")))
      return refused;
    return shared_memory_.CudaUnregister(context);
  }

 private:
  InferenceBackend backend_;
  const RpcAccess& access_;
  const std::atomic<bool>& draining_;
  const InferenceServiceOptions options_;
  const LogLevels initial_log_levels_ = CurrentLogLevels();
  OpenStreams streams_;
  const StreamInferCall::Shared stream_parts_;
  const RepositoryCalls repository_;
  const SharedMemoryCalls shared_memory_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_INFERENCE_SERVICE_H_
