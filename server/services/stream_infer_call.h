// SPDX-License-Identifier: Apache-2.0
//
// StreamInferCall: one ModelStreamInfer. Its requests are computed side by side, as those of
// ModelInfer are, and answered in their order. A request that fails is answered with an error
// message, and the stream goes on.
//
// Flow control: nothing is read while as many requests or bytes as StreamLimits allow are in
// flight, so that a client which sends without reading waits, and the server holds no more for it.
// A request is in flight from when it was read until its answer was written.
//
// Ends: with OK when the client has sent all and everything is answered; with UNAVAILABLE where the
// server shuts down, after what is in flight; when the client has gone, which cancels what is in
// flight. Deletes itself in OnDone.
#ifndef SERVER_SERVICES_STREAM_INFER_CALL_H_
#define SERVER_SERVICES_STREAM_INFER_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <memory>
#include <string>

#include "inference/open_inference_grpc.pb.h"
#include "server/services/handed_over.h"
#include "server/services/inference.h"
#include "server/services/open_streams.h"

namespace sta {

struct StreamLimits {
  int64_t max_requests = 128;
  // Of the requests that wait for their answer and of the answers that wait to be written. The one
  // that passes the limit is still let in.
  int64_t max_bytes = 64 << 20;
};

class StreamInferCall final : public grpc::ServerBidiReactor<inference::ModelInferRequest,
                                                             inference::ModelStreamInferResponse> {
 public:
  // What all streams of a service share; it outlives them.
  struct Shared {
    InferenceBackend backend;
    InferenceLimits limits;
    StreamLimits stream_limits;
    OpenStreams& streams;
  };

  // `client` is who asks.
  StreamInferCall(const Shared& shared, grpc::CallbackServerContext& context, std::string client);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  class Driver;

  HandedOver<Driver> driver_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_STREAM_INFER_CALL_H_
