// SPDX-License-Identifier: Apache-2.0
#include "server/services/infer_call.h"

#include <grpcpp/server_context.h>

#include <chrono>
#include <utility>

#include "server/services/request_trace.h"
#include "server/services/retry_trailers.h"
#include "server/services/status_mapping.h"

namespace sta {

absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  return deadline == std::chrono::system_clock::time_point::max() ? absl::InfiniteFuture()
                                                                  : absl::FromChrono(deadline);
}

InferCall* InferCall::Start(InferenceBackend backend, const InferenceLimits& limits,
                            grpc::CallbackServerContext& context, std::string client,
                            const inference::ModelInferRequest& request,
                            inference::ModelInferResponse& response) {
  auto* call = new InferCall(backend, limits, context, std::move(client));
  call->inference_.Start(request, response, [call, &context](const absl::Status& status) {
    AddRetryTrailers(status, context);
    AddTraceTrailer(call->inference_.trace_id(), context);
    call->Finish(ToGrpcStatus(status));
  });
  return call;
}

InferCall::InferCall(InferenceBackend backend, const InferenceLimits& limits,
                     grpc::CallbackServerContext& context, std::string client)
    : inference_(backend, limits,
                 {.rpc = "ModelInfer",
                  .deadline = DeadlineOf(context),
                  .client = std::move(client),
                  .trace = RequestTrace(context)}) {}

}  // namespace sta
