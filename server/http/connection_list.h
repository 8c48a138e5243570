// SPDX-License-Identifier: Apache-2.0
//
// ConnectionList: the open connections of an HTTP server, their bound, and their end. Where it is
// full, a new one takes the place of the one that has been waiting for a request, or for the rest
// of one, for the longest; those that wait for an answer keep theirs.
//
//   ConnectionList connections(512);
//   if (!connections.Add(connection)) ...        // all are being answered: refuse
//   connections.SetAnswering(connection.get(), true);
//   connections.Remove(connection.get());
//
//   connections.Drain(deadline);                 // no new ones; blocks until all are gone
//
// Thread-safe. Connections are closed without a lock held.
#ifndef SERVER_HTTP_CONNECTION_LIST_H_
#define SERVER_HTTP_CONNECTION_LIST_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sta {

class ConnectionList {
 public:
  class Connection {
   public:
    virtual ~Connection() = default;
    // Ends the connection, soon, which then removes itself. From any thread, also more than once.
    virtual void Close() = 0;
  };

  explicit ConnectionList(size_t max_connections) : max_connections_(max_connections) {}

  // False where there is no room, or it drains.
  [[nodiscard]] bool Add(const std::shared_ptr<Connection>& connection);
  void Remove(const Connection* connection);
  // Whether somebody makes an answer to it, or it is being sent. Once a connection is not answering
  // any more while the list drains, it is to close itself: is_draining().
  void SetAnswering(const Connection* connection, bool is_answering);
  // Makes room for another descriptor, if one only waits.
  void CloseLongestWaiting();

  bool is_draining() const;
  size_t size() const;

  // Closes those that wait, lets the others be answered until `deadline`, then closes these too.
  // Blocks until all are removed.
  void Drain(absl::Time deadline);

 private:
  struct Entry {
    std::weak_ptr<Connection> connection;
    uint64_t waits_since = 0;  // a larger number is later
    bool is_answering = false;
  };

  std::shared_ptr<Connection> TakeLongestWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<std::shared_ptr<Connection>> All(bool with_answering) const;
  bool IsEmpty() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return entries_.empty(); }

  const size_t max_connections_;
  mutable absl::Mutex mutex_;
  uint64_t events_ ABSL_GUARDED_BY(mutex_) = 0;
  bool is_draining_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<const Connection*, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // SERVER_HTTP_CONNECTION_LIST_H_
