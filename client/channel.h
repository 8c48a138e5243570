// SPDX-License-Identifier: Apache-2.0
//
// The connection behind a Client: what its options say of address, TLS and token, checked.
// Private to client/. Pure functions but for reading the files that the options name.
#ifndef CLIENT_CHANNEL_H_
#define CLIENT_CHANNEL_H_

#include <grpcpp/channel.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client.h"

namespace sta::client {

// INVALID_ARGUMENT for an option that is out of range or contradicts another.
absl::Status CheckOptions(const ClientOptions& options);

// Connects on the first call. NOT_FOUND: a file cannot be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ClientOptions& options);

}  // namespace sta::client

#endif  // CLIENT_CHANNEL_H_
