// SPDX-License-Identifier: Apache-2.0
#include "server/security/peer.h"

namespace sta {
namespace {

bool IsIp(std::string_view peer) { return peer.starts_with("ipv4:") || peer.starts_with("ipv6:"); }

}  // namespace

std::string ClientOf(std::string_view peer) {
  return std::string(IsIp(peer) ? peer.substr(0, peer.rfind(':')) : peer);
}

bool IsLocalPeer(std::string_view peer) {
  if (peer.starts_with("unix:")) return true;
  if (!IsIp(peer)) return false;
  const std::string client = ClientOf(peer);
  // gRPC writes addresses as numbers, and an IPv4 address inside of an IPv6 one as IPv4.
  return client.starts_with("ipv4:127.") || client == "ipv6:%5B::1%5D" || client == "ipv6:[::1]";
}

}  // namespace sta
