// SPDX-License-Identifier: Apache-2.0
#include "server/services/infer_call.h"

#include <grpcpp/server_context.h>

#include <chrono>

#include "server/services/status_mapping.h"
#include "server/services/stream_admission.h"

namespace sta {

absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  return deadline == std::chrono::system_clock::time_point::max() ? absl::InfiniteFuture()
                                                                  : absl::FromChrono(deadline);
}

InferCall* InferCall::Start(InferenceBackend backend, const InferenceLimits& limits,
                            grpc::CallbackServerContext& context,
                            const inference::ModelInferRequest& request,
                            inference::ModelInferResponse& response) {
  auto* call = new InferCall(backend, limits, context);
  call->inference_.Start(request, response, [call](const absl::Status& status) {
    call->Finish(ToGrpcStatus(status));
  });
  return call;
}

InferCall::InferCall(InferenceBackend backend, const InferenceLimits& limits,
                     grpc::CallbackServerContext& context)
    : inference_(backend, limits,
                 {.rpc = "ModelInfer",
                  .deadline = DeadlineOf(context),
                  .client = ClientOf(context.peer())}) {}

}  // namespace sta
