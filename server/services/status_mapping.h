// SPDX-License-Identifier: Apache-2.0
//
// The one place where a Status of ours becomes a gRPC status. What the codes mean to a client:
//
//   INVALID_ARGUMENT     malformed request, shape, name or value
//   NOT_FOUND            unknown model or version
//   ALREADY_EXISTS       the version exists
//   FAILED_PRECONDITION  the object is in a state that forbids this
//   RESOURCE_EXHAUSTED   a queue, a quota or a size is full
//   UNAVAILABLE          still loading, or draining: try again, maybe elsewhere
//   DEADLINE_EXCEEDED    too late; CANCELLED: the client has gone
//   UNAUTHENTICATED      no token, or one that is not known
//   PERMISSION_DENIED    not with this token, or not from this address
//   DATA_LOSS            a damaged file
//   INTERNAL             our bug; UNKNOWN never leaves the server, it becomes INTERNAL
#ifndef SERVER_SERVICES_STATUS_MAPPING_H_
#define SERVER_SERVICES_STATUS_MAPPING_H_

#include <grpcpp/support/status.h>

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace sta {

// Longest message that leaves the server; longer ones are cut at a character and end in "...".
inline constexpr size_t kMaxStatusMessageBytes = 1024;

grpc::Status ToGrpcStatus(const absl::Status& status);

// "OK", "INVALID_ARGUMENT", ...: the label of metrics. The view is static.
std::string_view GrpcCodeName(grpc::StatusCode code);

}  // namespace sta

#endif  // SERVER_SERVICES_STATUS_MAPPING_H_
