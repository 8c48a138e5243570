// SPDX-License-Identifier: Apache-2.0
//
// ListeningSockets: the sockets behind one address of the settings. A name may stand for several
// addresses, and then for several sockets with one port.
//
//   absl::StatusOr<ListeningSockets> sockets = ListeningSockets::Open({"localhost", 0});
//   sockets->address();                                  // with the port that was taken
//
// 0.0.0.0 and :: are all addresses of the host, of both kinds where it has IPv6. Movable; closes
// what it opened. Open may wait for the resolver of names.
#ifndef SERVER_SERVICES_LISTENING_SOCKETS_H_
#define SERVER_SERVICES_LISTENING_SOCKETS_H_

#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/config/settings.h"

namespace sta {

class ListeningSockets {
 public:
  // UNAVAILABLE: in use, not an address of this host, or forbidden. A Unix socket that nobody
  // listens on any more is replaced; owner and group may connect to the new one.
  static absl::StatusOr<ListeningSockets> Open(const Address& address);

  ListeningSockets(ListeningSockets&& other) noexcept
      : address_(std::move(other.address_)), sockets_(std::exchange(other.sockets_, {})) {}
  ListeningSockets& operator=(ListeningSockets&&) = delete;
  // A Unix socket goes from its folder, too.
  ~ListeningSockets();

  const Address& address() const { return address_; }
  // Not blocking, and at least one.
  std::span<const int> sockets() const { return sockets_; }

 private:
  explicit ListeningSockets(Address address) : address_(std::move(address)) {}

  // False: this one cannot be listened on.
  bool ListenOnPath();
  bool ListenOnPorts();

  Address address_;
  std::vector<int> sockets_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_LISTENING_SOCKETS_H_
