// SPDX-License-Identifier: Apache-2.0
//
// What gRPC's name of a peer tells: "ipv4:127.0.0.1:4711", "ipv6:%5B::1%5D:4711", "unix:".
// Pure functions.
#ifndef SERVER_SECURITY_PEER_H_
#define SERVER_SECURITY_PEER_H_

#include <string>
#include <string_view>

namespace sta {

// "ipv4:127.0.0.1" of "ipv4:127.0.0.1:4711"; what has no port (a Unix socket) stays as it is.
std::string ClientOf(std::string_view peer);

// Whether the peer is on this host for certain: it came over the loopback interface or over a Unix
// socket.
bool IsLocalPeer(std::string_view peer);

}  // namespace sta

#endif  // SERVER_SECURITY_PEER_H_
