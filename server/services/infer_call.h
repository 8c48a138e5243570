// SPDX-License-Identifier: Apache-2.0
//
// InferCall: an Inference that came as a ModelInfer. OnDone frees the call.
#ifndef SERVER_SERVICES_INFER_CALL_H_
#define SERVER_SERVICES_INFER_CALL_H_

#include <grpcpp/support/server_callback.h>

#include <string>

#include "absl/time/time.h"
#include "inference/open_inference_grpc.pb.h"
#include "server/services/inference.h"

namespace sta {

// InfiniteFuture where the client has set none.
absl::Time DeadlineOf(const grpc::CallbackServerContext& context);

class InferCall final : public grpc::ServerUnaryReactor {
 public:
  // Begins the call and returns its reactor, which frees itself. `client` is who asks.
  static InferCall* Start(InferenceBackend backend, const InferenceLimits& limits,
                          grpc::CallbackServerContext& context, std::string client,
                          const inference::ModelInferRequest& request,
                          inference::ModelInferResponse& response);

  void OnCancel() override { inference_.Cancel(); }
  void OnDone() override { delete this; }

 private:
  InferCall(InferenceBackend backend, const InferenceLimits& limits,
            grpc::CallbackServerContext& context, std::string client);

  Inference inference_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_INFER_CALL_H_
