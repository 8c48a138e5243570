// SPDX-License-Identifier: Apache-2.0
//
// HttpInfer: an Inference that came over HTTP, from its message to the reply. It frees itself.
//
//   HttpInfer::Start({.backend = backend, .limits = limits, .origin = origin}, call, message,
//                    [](const HttpInfer::Result& result) { return Encode(result.response); });
//
// A client that goes cancels it.
#ifndef SERVER_HTTP_HTTP_INFER_H_
#define SERVER_HTTP_HTTP_INFER_H_

#include <cstdint>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "inference/open_inference_grpc.pb.h"
#include "server/http/http_message.h"
#include "server/services/inference.h"

namespace sta {

class HttpInfer : public std::enable_shared_from_this<HttpInfer> {
 public:
  struct Setting {
    InferenceBackend backend;  // all of it outlives the call
    InferenceLimits limits;
    Inference::Origin origin;
  };
  struct Result {
    const absl::Status& status;
    const inference::ModelInferResponse& response;  // whole where the status is OK
    int64_t tokens;                                 // of the request; 0 where it has none
  };
  // Makes the reply, once, on whichever thread is free for it.
  using Encode = absl::AnyInvocable<HttpResponse(const Result&)>;

  static void Start(Setting setting, std::shared_ptr<HttpCall> call,
                    inference::ModelInferRequest message, Encode encode);

 private:
  HttpInfer(Setting setting, std::shared_ptr<HttpCall> call, inference::ModelInferRequest message,
            Encode encode);

  void End(const absl::Status& status);
  void Reply(const absl::Status& status);

  InferenceBackend backend_;
  const std::shared_ptr<HttpCall> call_;
  const inference::ModelInferRequest request_;
  inference::ModelInferResponse response_;
  Encode encode_;
  Inference inference_;
};

}  // namespace sta

#endif  // SERVER_HTTP_HTTP_INFER_H_
