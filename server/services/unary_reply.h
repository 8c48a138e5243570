// SPDX-License-Identifier: Apache-2.0
//
// Ends a unary call that was answered where it arrived: counts it and hands its status to gRPC.
#ifndef SERVER_SERVICES_UNARY_REPLY_H_
#define SERVER_SERVICES_UNARY_REPLY_H_

#include <grpcpp/support/server_callback.h>

#include <string_view>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/observability/metrics.h"
#include "server/services/status_mapping.h"

namespace sta {

// `start` is when the call arrived; `model` may be a client's string (metrics.h keeps it out).
inline grpc::ServerUnaryReactor* Reply(grpc::CallbackServerContext* context, Metrics& metrics,
                                       std::string_view rpc, absl::Time start,
                                       const absl::Status& status, std::string_view model = "") {
  metrics.CountRequest(model, 0, rpc, status.code(), absl::Now() - start);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

}  // namespace sta

#endif  // SERVER_SERVICES_UNARY_REPLY_H_
