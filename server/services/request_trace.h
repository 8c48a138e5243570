// SPDX-License-Identifier: Apache-2.0
//
// The trace of a gRPC call: from its metadata `traceparent` (server/observability/trace_context.h),
// and back in its trailing metadata `sta-trace-id`, so that who asked can name the request to who
// reads the log.
#ifndef SERVER_SERVICES_REQUEST_TRACE_H_
#define SERVER_SERVICES_REQUEST_TRACE_H_

#include <grpcpp/server_context.h>

#include <optional>
#include <string>

#include "server/observability/trace_context.h"

namespace sta {

// Nothing where there is none, more than one, or one that is invalid.
std::optional<TraceContext> RequestTrace(const grpc::ServerContextBase& context);

// Before the call's Finish; nothing for an empty id.
void AddTraceTrailer(const std::string& trace_id, grpc::CallbackServerContext& context);

}  // namespace sta

#endif  // SERVER_SERVICES_REQUEST_TRACE_H_
