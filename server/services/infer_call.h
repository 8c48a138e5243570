// SPDX-License-Identifier: Apache-2.0
//
// InferCall: one ModelInfer from its arrival to its reply.
//
//   decode and tokenize (gRPC's thread, or a worker where the text is long)
//     --> queued in the batcher --> head and reply (a thread of the batcher)
//
// Each step may end the call with a status. Finish is called exactly once, at the end of whichever
// step is the last; OnDone frees the call. A cancelled client sets a flag that the batcher looks at
// before it computes; the call still ends by its own way. The deadline travels with the job.
#ifndef SERVER_SERVICES_INFER_CALL_H_
#define SERVER_SERVICES_INFER_CALL_H_

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "inference/open_inference_grpc.pb.h"
#include "server/services/infer_request.h"
#include "server/services/inference_service.h"

namespace sta {

class InferCall final : public grpc::ServerUnaryReactor {
 public:
  // Begins the call and returns its reactor, which frees itself.
  static InferCall* Start(InferenceBackend backend, const InferenceOptions& options,
                          grpc::CallbackServerContext& context,
                          const inference::ModelInferRequest& request,
                          inference::ModelInferResponse& response);

  void OnCancel() override { cancelled_->store(true); }
  void OnDone() override { delete this; }

 private:
  InferCall(InferenceBackend backend, const InferenceOptions& options,
            grpc::CallbackServerContext& context, const inference::ModelInferRequest& request,
            inference::ModelInferResponse& response);

  void Begin();
  // Texts to tokens, then into the batcher.
  void TokenizeAndSubmit();
  absl::StatusOr<std::vector<TokenSequence>> TakeSequences();
  void Complete(absl::StatusOr<JobResult> result);
  absl::Status WriteReply(const JobResult& result);
  void End(const absl::Status& status);

  InferenceBackend backend_;
  const InferenceOptions& options_;
  const inference::ModelInferRequest& request_;
  inference::ModelInferResponse& response_;
  const absl::Time start_;
  absl::Time deadline_;
  std::shared_ptr<std::atomic<bool>> cancelled_;
  std::shared_ptr<const ServedModel> served_;  // the lease, until the reply is written
  InferRequest decoded_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_INFER_CALL_H_
