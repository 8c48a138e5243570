// SPDX-License-Identifier: Apache-2.0
//
// Inference: one request for a model from its arrival to its response, whatever it came over.
//
//   decode and tokenize (the caller's thread, or a worker where the text is long)
//     --> queued in the batcher --> head and response (a thread of the batcher)
//
// A diagnostic model has no device: its request is decoded, held back for the model's delay, and
// answered, on the caller's thread where there is no delay.
//
//   Inference inference(backend, options, {.rpc = "ModelInfer", .deadline = deadline});
//   inference.Start(request, response, [&](const absl::Status& status) { ... });
//
// Each step may end it with a status. `done` is called exactly once, at the end of whichever step
// is the last, and may destroy the Inference; before that nobody may. A client that has gone sets a
// flag that the batcher looks at before it computes; the Inference still ends by its own way. The
// deadline travels with the job.
#ifndef SERVER_SERVICES_INFERENCE_H_
#define SERVER_SERVICES_INFERENCE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "inference/open_inference_grpc.pb.h"
#include "server/batching/batcher.h"
#include "server/batching/memory_budget.h"
#include "server/models/model_registry.h"
#include "server/observability/access_log.h"
#include "server/observability/metrics.h"
#include "server/observability/trace_context.h"
#include "server/services/diagnostic_request.h"
#include "server/services/diagnostic_runner.h"
#include "server/services/infer_parameters.h"
#include "server/services/infer_request.h"
#include "server/services/shared_memory.h"
#include "server/services/worker_pool.h"

namespace sta {

// What inferences work with; all of it outlives them.
struct InferenceBackend {
  ModelRegistry& registry;
  Batcher& batcher;
  Metrics& metrics;
  AccessLog& access_log;
  SharedMemory& shared_memory;
  MemoryBudget& memory;
  // Tokenizes what is too long for the thread that a request came on.
  WorkerPool& workers;
  // For models without devices.
  DiagnosticRunner& diagnostics;
};

struct InferenceLimits {
  int64_t max_rows_per_request = 4096;
  // A larger reply is refused: the bound of what a client can make the server hold for it.
  int64_t max_reply_bytes = 64 << 20;
  // Of a request's inputs in shared memory.
  int64_t max_shared_bytes = 64 << 20;
};

class Inference {
 public:
  // Where a request comes from.
  struct Origin {
    std::string_view rpc;  // a constant: the name that it is counted under
    absl::Time deadline = absl::InfiniteFuture();
    // Who asks, for fairness between clients and for logs: RpcAccess::NameOf (rpc_access.h).
    std::string client;
    // Where the caller has told one: RequestTrace (request_trace.h).
    std::optional<TraceContext> trace = std::nullopt;
  };
  using Done = absl::AnyInvocable<void(const absl::Status&)>;

  Inference(InferenceBackend backend, const InferenceLimits& limits, Origin origin);
  Inference(const Inference&) = delete;
  Inference& operator=(const Inference&) = delete;

  // Both messages are there until `done`; the response is whole where its status is OK. Once.
  void Start(const inference::ModelInferRequest& request, inference::ModelInferResponse& response,
             Done done);

  // Of the request as the log and the client know it, once `done` is called: the caller's, or one
  // that was made because the request got a line in the log; else empty.
  const std::string& trace_id() const { return trace_.trace_id; }

  // Of all rows together, once `done` is called; 0 where they were not counted.
  int64_t tokens() const { return tokens_; }

  // The client has gone. From any thread, at any time.
  void Cancel() {
    cancelled_->store(true);
    backend_.diagnostics.OnCancelled();
  }

 private:
  // Whether there is room for the request, as far as that is known before it is tokenized.
  absl::Status CheckEarly();
  // Takes from the memory budget.
  absl::Status Reserve(int64_t bytes);
  // Texts to tokens, then into the batcher.
  void TokenizeAndSubmit();
  absl::StatusOr<std::vector<TokenSequence>> TakeSequences();
  void Complete(absl::StatusOr<JobResult> result);
  // The way of a diagnostic model: diagnostic_inference.cc.
  void StartDiagnostic(const inference::ModelInferRequest& message);
  absl::Status WriteDiagnosticResponse(absl::Time submitted);
  absl::Status WriteResponse(const JobResult& result);
  void WriteTiming();
  void End(const absl::Status& status);
  void WriteLine(const absl::Status& status);

  InferenceBackend backend_;
  const InferenceLimits limits_;
  const Origin origin_;
  const absl::Time start_;
  const std::shared_ptr<std::atomic<bool>> cancelled_;
  TraceContext trace_;
  absl::Time deadline_;  // the earlier of the transport's and of the parameter `timeout`
  InferParameters parameters_;
  const inference::ModelInferRequest* request_ = nullptr;
  // The request with its inputs from shared memory, where it has such.
  std::optional<inference::ModelInferRequest> whole_request_;
  inference::ModelInferResponse* response_ = nullptr;
  Done done_;
  std::shared_ptr<const ServedModel> served_;  // the lease, until the response is written
  InferRequest decoded_;
  DiagnosticRequest diagnostic_;  // instead, of a diagnostic model
  int64_t tokens_ = 0;
  AnswerTimes times_;
  MemoryBudget::Share memory_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_INFERENCE_H_
