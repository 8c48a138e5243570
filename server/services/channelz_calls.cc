// SPDX-License-Identifier: Apache-2.0
#include "server/services/channelz_calls.h"

#include <grpc/grpc.h>
#include <grpc/support/alloc.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"

namespace sta {
namespace {

using Json = nlohmann::json;
using GrpcText = std::unique_ptr<char, decltype(&gpr_free)>;

constexpr intptr_t kPageSize = 500;  // the most that gRPC gives at once

Json Parse(std::string_view text) { return Json::parse(text, nullptr, /*allow_exceptions=*/false); }

// Takes the text, which may be null.
Json ParseOwned(char* text) {
  const GrpcText owned(text, &gpr_free);
  return text == nullptr ? Json() : Parse(text);
}

// Null where there is none.
const Json& Member(const Json& object, const char* name) {
  static const Json* const kNone = new Json();
  const auto found = object.find(name);
  return found == object.end() ? *kNone : *found;
}

// Numbers of 64 bits are strings in JSON of protobuf, and left out where they are 0.
int64_t Count(const Json& object, const char* name) {
  const Json& member = Member(object, name);
  int64_t count = 0;
  if (!member.is_string() || !absl::SimpleAtoi(member.get_ref<const std::string&>(), &count)) {
    return 0;
  }
  return count;
}

Endpoint ReadEndpoint(const Json& address) {
  const Json& tcp = Member(address, "tcpip_address");
  const Json& bytes = Member(tcp, "ip_address");
  const Json& port = Member(tcp, "port");
  Endpoint endpoint;
  if (!bytes.is_string() || !port.is_number_integer() ||
      !absl::Base64Unescape(bytes.get_ref<const std::string&>(), &endpoint.address)) {
    return {};
  }
  endpoint.port = port.get<int>();
  return endpoint;
}

// Ids rise, so that the greatest is that of the newest.
int64_t NewestServer() {
  int64_t newest = 0;
  while (true) {
    const Json page = ParseOwned(grpc_channelz_get_servers(newest + 1));
    const Json& servers = Member(page, "server");
    if (!servers.is_array() || servers.empty()) return newest;
    const int64_t before = newest;
    for (const Json& server : servers) {
      newest = std::max(newest, Count(Member(server, "ref"), "serverId"));
    }
    if (newest == before) return newest;
  }
}

}  // namespace

std::optional<ConnectionCalls> ReadChannelzSocket(std::string_view json) {
  const Json parsed = Parse(json);
  const Json& socket = Member(parsed, "socket");
  const int64_t id = Count(Member(socket, "ref"), "socketId");
  if (id == 0) return std::nullopt;
  const Json& data = Member(socket, "data");
  const int64_t ended = Count(data, "streamsSucceeded") + Count(data, "streamsFailed");
  return ConnectionCalls{.id = id,
                         .open = std::max<int64_t>(0, Count(data, "streamsStarted") - ended),
                         .local = ReadEndpoint(Member(socket, "local")),
                         .remote = ReadEndpoint(Member(socket, "remote"))};
}

ChannelzCalls::ChannelzCalls() : server_id_(NewestServer()) {}

int64_t ChannelzCalls::Begun() {
  const Json page = ParseOwned(grpc_channelz_get_server(server_id_));
  return Count(Member(Member(page, "server"), "data"), "callsStarted");
}

std::vector<ConnectionCalls> ChannelzCalls::ByConnection() {
  std::vector<ConnectionCalls> connections;
  int64_t last = 0;
  while (true) {
    const Json page = ParseOwned(grpc_channelz_get_server_sockets(server_id_, last + 1, kPageSize));
    const Json& sockets = Member(page, "socketRef");
    if (!sockets.is_array() || sockets.empty()) return connections;
    const int64_t before = last;
    for (const Json& socket : sockets) {
      const int64_t id = Count(socket, "socketId");
      last = std::max(last, id);
      const GrpcText text(grpc_channelz_get_socket(id), &gpr_free);
      if (text == nullptr) continue;  // it has just gone
      const std::optional<ConnectionCalls> connection = ReadChannelzSocket(text.get());
      if (connection.has_value()) connections.push_back(*connection);
    }
    if (last == before) return connections;
  }
}

}  // namespace sta
