// SPDX-License-Identifier: Apache-2.0
//
// ConnectionAcceptor: takes connections from listening sockets, on a thread of its own, and hands
// each to whoever serves it.
//
//   ConnectionAcceptor acceptor({.listeners = {...}, .descriptor_limit = 10'000},
//                               [](size_t listener, int connection) { Serve(connection); },
//                               [] { refused.Increment(); });
//
// gRPC's own listening ends for ever when the process has no descriptors left: clients that open
// connections, by intent or not, would end the service. This one closes what is too much, and waits
// where the process can open nothing.
//
// The destructor ends the listening and the thread; connections that were handed over are not its
// business.
#ifndef SERVER_SERVICES_CONNECTION_ACCEPTOR_H_
#define SERVER_SERVICES_CONNECTION_ACCEPTOR_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <thread>
#include <vector>

namespace sta {

class ConnectionAcceptor {
 public:
  struct Options {
    std::vector<int> listeners;  // not blocking; they outlive this
    // A connection whose descriptor is this or above is closed at once. The kernel gives the lowest
    // that is free, so that as many are open then.
    int descriptor_limit = 10'000;
  };

  // Called on the thread. `listener` is an index into Options::listeners; who is called owns
  // `connection`, which does not block.
  using OnConnection = std::function<void(size_t listener, int connection)>;

  // `on_refused` is called for each connection that is closed at once.
  ConnectionAcceptor(Options options, OnConnection on_connection, std::function<void()> on_refused);
  ~ConnectionAcceptor();
  ConnectionAcceptor(const ConnectionAcceptor&) = delete;
  ConnectionAcceptor& operator=(const ConnectionAcceptor&) = delete;

  // So many are taken; further ones wait, with the kernel, until this is called again. Without a
  // call all are. Thread-safe.
  void Admit(int64_t connections) { admitted_ = connections; }

 private:
  // How many waited at a listener; the last: nothing can be opened, or shall be, now.
  enum class Found { kFew, kMany, kNoRoom };

  void Loop();
  Found AcceptFrom(size_t listener);

  const Options options_;
  const OnConnection on_connection_;
  const std::function<void()> on_refused_;
  std::atomic<bool> is_stopped_ = false;
  std::atomic<int64_t> admitted_ = std::numeric_limits<int64_t>::max();
  std::thread thread_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_CONNECTION_ACCEPTOR_H_
