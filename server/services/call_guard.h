// SPDX-License-Identifier: Apache-2.0
//
// CallGuard: keeps the calls that gRPC holds in memory from growing without end.
//
//   CallGuard guard(20'000, calls, connections);
//   PollThread thread(clock, CallGuard::kInterval, [&] { guard.Check(); });
//
// HTTP/2 bounds the calls that a connection has open, but not those that its client cancels as soon
// as they have begun ("rapid reset", CVE-2023-44487): gRPC 1.51 makes each, some 18 KB, faster than
// its threads work them off. So where there are too many of all connections together, the ones that
// have the most are ended, until half as many are left with the others. Then a new connection is
// taken at every check that finds no more than half as many in all, since each may bring thousands;
// when it has been so for a second they are taken as they come.
//
// Not thread-safe: Check is for one thread.
#ifndef SERVER_SERVICES_CALL_GUARD_H_
#define SERVER_SERVICES_CALL_GUARD_H_

#include <cstdint>
#include <set>
#include <vector>

#include "absl/time/time.h"
#include "server/services/open_calls.h"

namespace sta {

// What the guard does to connections.
class GuardedConnections {
 public:
  virtual ~GuardedConnections() = default;
  // So many new ones are taken; further ones wait until this is called again.
  virtual void Admit(int64_t connections) = 0;
  // Some are closed already, or of a kind that cannot be ended.
  virtual void End(const ConnectionCalls& connection) = 0;
};

class CallGuard {
 public:
  // gRPC makes some 30 calls in a millisecond on 2 processors.
  static constexpr absl::Duration kInterval = absl::Milliseconds(20);

  // max_calls: of all connections together; over zero. The others outlive this.
  CallGuard(int64_t max_calls, OpenCalls& calls, GuardedConnections& connections)
      : max_calls_(max_calls), calls_(calls), connections_(connections) {}

  void Check();

 private:
  // Counts them anew.
  std::vector<ConnectionCalls> Count(int64_t begun);
  void EndTheLargest(std::vector<ConnectionCalls> connections);
  void AdmitSome();

  const int64_t max_calls_;
  OpenCalls& calls_;
  GuardedConnections& connections_;
  // What the last count of all connections found, and how many calls had begun before it.
  int64_t counted_ = 0;
  int64_t begun_before_ = 0;
  bool is_on_guard_ = false;
  int calm_checks_ = 0;      // in succession, on guard
  std::set<int64_t> ended_;  // their calls stay until they are worked off
};

}  // namespace sta

#endif  // SERVER_SERVICES_CALL_GUARD_H_
