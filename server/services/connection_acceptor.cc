// SPDX-License-Identifier: Apache-2.0
#include "server/services/connection_acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace sta {
namespace {

// So many of one listener, then the others have their turn, and where there were so many those who
// are connected: each costs gRPC's threads some 50 us. Thousands that come at once, after an outage
// of the network, say, are taken within seconds so, and the others' calls wait for milliseconds.
constexpr int kAcceptsAtOnce = 8;
constexpr int kRespiteMs = 4;
constexpr int kPauseMs = 100;  // where nothing can be opened, or shall be
constexpr int kForever = -1;

bool IsOutOfResources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

ConnectionAcceptor::ConnectionAcceptor(Options options, OnConnection on_connection,
                                       std::function<void()> on_refused)
    : options_(std::move(options)),
      on_connection_(std::move(on_connection)),
      on_refused_(std::move(on_refused)),
      thread_([this] { Loop(); }) {}

ConnectionAcceptor::~ConnectionAcceptor() {
  is_stopped_ = true;
  // Wakes the thread.
  for (const int listener : options_.listeners) shutdown(listener, SHUT_RDWR);
  thread_.join();
}

void ConnectionAcceptor::Loop() {
  std::vector<pollfd> waited;
  for (const int listener : options_.listeners) {
    waited.push_back({.fd = listener, .events = POLLIN, .revents = 0});
  }
  Found found = Found::kFew;
  while (true) {
    // Without room the listeners are ready all the time.
    const bool has_room = found != Found::kNoRoom;
    poll(waited.data(), has_room ? waited.size() : 0, has_room ? kForever : kPauseMs);
    if (is_stopped_) return;
    found = Found::kFew;
    for (size_t i = 0; i < options_.listeners.size(); ++i) found = std::max(found, AcceptFrom(i));
    if (found == Found::kMany) poll(nullptr, 0, kRespiteMs);
  }
}

ConnectionAcceptor::Found ConnectionAcceptor::AcceptFrom(size_t listener) {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    if (admitted_ <= 0) return Found::kNoRoom;
    const int connection =
        accept4(options_.listeners[listener], nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection < 0) {
      // Others are of a connection that ended before it was taken.
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return IsOutOfResources(errno) ? Found::kNoRoom : Found::kFew;
    }
    if (connection >= options_.descriptor_limit) {
      close(connection);
      on_refused_();
      continue;
    }
    --admitted_;
    // An answer must not wait for the client's acknowledgement of the one before; a Unix socket has
    // no such option.
    const int on = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    on_connection_(listener, connection);
  }
  return Found::kMany;
}

}  // namespace sta
