// SPDX-License-Identifier: Apache-2.0
#include "server/services/listening_sockets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr int kSocketFlags = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

AddressList Resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) found = nullptr;
  return {found, &freeaddrinfo};
}

bool IsEveryAddress(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

int PortOf(const sockaddr_storage& address) {
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

void SetPort(sockaddr_storage& address, int port) {
  const in_port_t wire = htons(static_cast<uint16_t>(port));
  if (address.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(address).sin6_port = wire;
  } else {
    reinterpret_cast<sockaddr_in&>(address).sin_port = wire;
  }
}

// A socket that listens there and the port that it has; nothing where that cannot be.
std::optional<std::pair<int, int>> Listen(const addrinfo& where, int port) {
  sockaddr_storage address{};
  std::memcpy(&address, where.ai_addr, where.ai_addrlen);
  SetPort(address, port);
  const int listener = socket(where.ai_family, kSocketFlags, 0);
  if (listener < 0) return std::nullopt;
  const int on = 1;
  // Or a server could not start for a minute after it has ended.
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (where.ai_family == AF_INET6) {
    const int only = 0;
    setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
  }
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, generic, where.ai_addrlen) == 0 && listen(listener, SOMAXCONN) == 0 &&
      getsockname(listener, generic, &size) == 0) {
    return std::pair(listener, PortOf(address));
  }
  close(listener);
  return std::nullopt;
}

std::optional<sockaddr_un> PathAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return std::nullopt;
  path.copy(address.sun_path, path.size());
  return address;
}

// Whether somebody listens on a Unix socket, whose name would be taken from under a live server.
bool IsListenedOn(const sockaddr_un& address) {
  const int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return false;
  const bool connected =
      connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(connection);
  return connected;
}

// Nothing but a socket that a dead server left is taken away.
void RemoveSocket(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) unlink(path.c_str());
}

}  // namespace

absl::StatusOr<ListeningSockets> ListeningSockets::Open(const Address& address) {
  ListeningSockets opened(address);
  const bool listens = address.path.empty() ? opened.ListenOnPorts() : opened.ListenOnPath();
  if (listens) return opened;
  return absl::UnavailableError(StrCat("cannot listen on ", address.ToString(),
                                       ": in use, not an address of this host, or forbidden"));
}

ListeningSockets::~ListeningSockets() {
  for (const int listener : sockets_) close(listener);
  if (!sockets_.empty() && !address_.path.empty()) RemoveSocket(address_.path);
}

bool ListeningSockets::ListenOnPath() {
  const std::optional<sockaddr_un> address = PathAddress(address_.path);
  if (!address.has_value() || IsListenedOn(*address)) return false;
  RemoveSocket(address_.path);
  const int listener = socket(AF_UNIX, kSocketFlags, 0);
  if (listener < 0) return false;
  if (bind(listener, reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0 ||
      chmod(address_.path.c_str(), S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) != 0 ||
      listen(listener, SOMAXCONN) != 0) {
    close(listener);
    return false;
  }
  sockets_.push_back(listener);
  return true;
}

bool ListeningSockets::ListenOnPorts() {
  // An IPv6 socket that takes IPv4, too; where there is no IPv6, one of IPv4.
  const bool is_every = IsEveryAddress(address_.host);
  for (const std::string& host :
       is_every ? std::vector<std::string>{"::", "0.0.0.0"} : std::vector{address_.host}) {
    const AddressList list = Resolve(host);
    for (const addrinfo* it = list.get(); it != nullptr; it = it->ai_next) {
      const auto listening = Listen(*it, address_.port);
      // A name may stand for an address of a kind that this host does not have.
      if (!listening.has_value()) continue;
      sockets_.push_back(listening->first);
      address_.port = listening->second;
    }
    if (!sockets_.empty()) return true;
  }
  return false;
}

}  // namespace sta
