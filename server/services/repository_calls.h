// SPDX-License-Identifier: Apache-2.0
//
// RepositoryCalls: Triton's model repository extension over the registry and the model manager:
// what there is, and taking a whole model into or out of memory.
//
//   index      one entry a version; states are Triton's: READY, LOADING, UNLOADING, UNAVAILABLE
//   load       the versions that aliases name and the newest, until they are ready
//   unload     every version, until it is drained; aliases stay
//
// Thread-safe; no call blocks.
#ifndef SERVER_SERVICES_REPOSITORY_CALLS_H_
#define SERVER_SERVICES_REPOSITORY_CALLS_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "inference/open_inference_grpc.pb.h"
#include "server/models/model_manager.h"
#include "server/models/model_registry.h"
#include "server/observability/metrics.h"

namespace sta {

class RepositoryCalls {
 public:
  // All outlive this.
  RepositoryCalls(const ModelRegistry& registry, ModelManager& manager, Metrics& metrics)
      : registry_(registry), manager_(manager), metrics_(metrics) {}

  grpc::ServerUnaryReactor* Index(grpc::CallbackServerContext* context,
                                  const inference::RepositoryIndexRequest* request,
                                  inference::RepositoryIndexResponse* response) const;
  grpc::ServerUnaryReactor* Load(grpc::CallbackServerContext* context,
                                 const inference::RepositoryModelLoadRequest* request) const;
  grpc::ServerUnaryReactor* Unload(grpc::CallbackServerContext* context,
                                   const inference::RepositoryModelUnloadRequest* request) const;

 private:
  const ModelRegistry& registry_;
  ModelManager& manager_;
  Metrics& metrics_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_REPOSITORY_CALLS_H_
