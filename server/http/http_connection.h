// SPDX-License-Identifier: Apache-2.0
//
// One connection of an HTTP server: requests of HTTP/1.1, one after the other, each answered before
// the next is looked at.
//
//   idle --> reading (head, body) --> answering (a handler has it) --> writing --> idle
//
// No thread waits for a connection: a client that is slow, or has gone, costs its buffers, and ends
// with a time limit of its own (http_limits.h). While a request is answered the connection is read
// on, so that a client that goes is noticed.
//
//   auto shared = std::make_shared<ConnectionShared>(limits, memory, metrics, handler);
//   StartConnection(std::move(socket), tls_context, shared);
#ifndef SERVER_HTTP_HTTP_CONNECTION_H_
#define SERVER_HTTP_HTTP_CONNECTION_H_

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/batching/memory_budget.h"
#include "server/http/connection_list.h"
#include "server/http/http_limits.h"
#include "server/http/http_message.h"
#include "server/observability/http_metrics.h"

namespace sta {

// Called on a thread of the sockets, which it must not hold up.
using HttpHandler = std::function<void(const std::shared_ptr<HttpCall>&)>;

// Calls that a handler still has. Thread-safe.
class OpenCalls {
 public:
  void Begin() {
    const absl::MutexLock lock(&mutex_);
    ++count_;
  }
  void End() {
    const absl::MutexLock lock(&mutex_);
    --count_;
  }
  void WaitForAll() {
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &OpenCalls::HasNone));
  }

 private:
  bool HasNone() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return count_ == 0; }

  absl::Mutex mutex_;
  int64_t count_ ABSL_GUARDED_BY(mutex_) = 0;
};

// What the connections of a server share.
struct ConnectionShared {
  // `memory` is for bodies and answers; it and `metrics` outlive the connections.
  ConnectionShared(const HttpLimits& the_limits, MemoryBudget& the_memory, HttpMetrics& the_metrics,
                   HttpHandler the_handler)
      : limits(the_limits),
        memory(the_memory),
        metrics(the_metrics),
        handler(std::move(the_handler)),
        connections(the_limits.max_connections) {}

  const HttpLimits limits;
  MemoryBudget& memory;
  HttpMetrics& metrics;
  const HttpHandler handler;
  ConnectionList connections;
  OpenCalls calls;
};

// Takes the socket, whose executor is a strand. `tls` null: without TLS. Where there is no room the
// socket is closed.
void StartConnection(boost::asio::ip::tcp::socket socket,
                     std::shared_ptr<boost::asio::ssl::context> tls,
                     std::shared_ptr<ConnectionShared> shared);

}  // namespace sta

#endif  // SERVER_HTTP_HTTP_CONNECTION_H_
