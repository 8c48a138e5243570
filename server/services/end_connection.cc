// SPDX-License-Identifier: Apache-2.0
#include "server/services/end_connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "server/config/settings.h"

namespace sta {
namespace {

using NameOf = int (*)(int, sockaddr*, socklen_t*);  // getpeername, getsockname

template <typename Address>
std::string Bytes(const Address& address) {
  return {reinterpret_cast<const char*>(&address), sizeof(address)};
}

// Without bytes: not one of IP. IPv4 that came to an IPv6 socket is IPv4, as gRPC has it.
Endpoint EndpointOf(int descriptor, NameOf name_of) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (name_of(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  if (storage.ss_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in&>(storage);
    return {.address = Bytes(address.sin_addr), .port = ntohs(address.sin_port)};
  }
  if (storage.ss_family != AF_INET6) return {};
  const auto& address = reinterpret_cast<const sockaddr_in6&>(storage);
  std::string bytes = Bytes(address.sin6_addr);
  constexpr size_t kMappedPrefixBytes = 12;
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) bytes.erase(0, kMappedPrefixBytes);
  return {.address = std::move(bytes), .port = ntohs(address.sin6_port)};
}

// Unlike shutdown() it also drops what has been received and not yet been read.
void Disconnect(int descriptor) {
  const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
  if (connect(descriptor, &nobody, sizeof(nobody)) != 0) shutdown(descriptor, SHUT_RDWR);
}

bool HasEnds(int descriptor, const Endpoint& local, const Endpoint& remote) {
  return EndpointOf(descriptor, getpeername) == remote &&
         EndpointOf(descriptor, getsockname) == local;
}

}  // namespace

bool EndConnection(const Endpoint& local, const Endpoint& remote, int descriptor_limit) {
  if (remote.address.empty()) return false;
  for (int descriptor = 0; descriptor < descriptor_limit; ++descriptor) {
    if (!HasEnds(descriptor, local, remote)) continue;
    // Its owner may close it at any time, and the number be another's then: a copy stays what it
    // is.
    const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return false;
    const bool is_it = HasEnds(copy, local, remote);
    if (is_it) Disconnect(copy);
    close(copy);
    return is_it;
  }
  return false;
}

std::string FormatEndpoint(const Endpoint& endpoint) {
  const bool is_v6 = endpoint.address.size() == sizeof(in6_addr);
  if (!is_v6 && endpoint.address.size() != sizeof(in_addr)) return "unknown";
  char text[INET6_ADDRSTRLEN];
  inet_ntop(is_v6 ? AF_INET6 : AF_INET, endpoint.address.data(), text, sizeof(text));
  return Address{.host = text, .port = endpoint.port}.ToString();
}

}  // namespace sta
