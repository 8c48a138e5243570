// SPDX-License-Identifier: Apache-2.0
//
// OpenCalls: how many calls gRPC holds in memory, by connection. channelz_calls.h has the real one.
#ifndef SERVER_SERVICES_OPEN_CALLS_H_
#define SERVER_SERVICES_OPEN_CALLS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace sta {

// One end of a connection over TCP: the 4 or 16 bytes of its address, in the network's order, and
// its port. Without bytes: something else, such as a Unix socket.
struct Endpoint {
  std::string address;
  int port = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct ConnectionCalls {
  int64_t id = 0;    // no other connection of the process ever has it
  int64_t open = 0;  // calls, those included that are cancelled but not yet worked off
  Endpoint local;
  Endpoint remote;
};

class OpenCalls {
 public:
  virtual ~OpenCalls() = default;
  // Calls of all connections that have ever begun. Cheap.
  virtual int64_t Begun() = 0;
  // Connections that are closed, too, while calls of theirs are left. Takes some 20 us for each.
  virtual std::vector<ConnectionCalls> ByConnection() = 0;
};

}  // namespace sta

#endif  // SERVER_SERVICES_OPEN_CALLS_H_
