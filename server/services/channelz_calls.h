// SPDX-License-Identifier: Apache-2.0
//
// ChannelzCalls: the calls that gRPC holds, as its channelz tells them.
//
//   builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 1);
//   server = builder.BuildAndStart();
//   ChannelzCalls calls;                                    // of the server that was built last
//
// It tells by text only: JSON of gRPC's channelz.proto. What is missing or malformed there counts
// as nothing, since a guard that counts too little is better than one that ends what is well.
//
// Thread-safe; the server need not live longer.
#ifndef SERVER_SERVICES_CHANNELZ_CALLS_H_
#define SERVER_SERVICES_CHANNELZ_CALLS_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "server/services/open_calls.h"

namespace sta {

// What channelz says of one socket; nothing where this is not such a text.
std::optional<ConnectionCalls> ReadChannelzSocket(std::string_view json);

class ChannelzCalls final : public OpenCalls {
 public:
  ChannelzCalls();

  int64_t Begun() override;
  std::vector<ConnectionCalls> ByConnection() override;

 private:
  const int64_t server_id_;  // 0: channelz is off
};

}  // namespace sta

#endif  // SERVER_SERVICES_CHANNELZ_CALLS_H_
