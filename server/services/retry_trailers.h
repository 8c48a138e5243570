// SPDX-License-Identifier: Apache-2.0
//
// When to try again, as trailers of a reply: `grpc-retry-pushback-ms`, which gRPC's own retries
// obey, and `retry-after-ms`, which a client can read (gRPC keeps the other to itself).
#ifndef SERVER_SERVICES_RETRY_TRAILERS_H_
#define SERVER_SERVICES_RETRY_TRAILERS_H_

#include <grpcpp/server_context.h>

#include "absl/status/status.h"

namespace sta {

// Adds them where `status` has a RetryAfter (server/batching/retry_after.h). Before Finish.
void AddRetryTrailers(const absl::Status& status, grpc::CallbackServerContext& context);

}  // namespace sta

#endif  // SERVER_SERVICES_RETRY_TRAILERS_H_
