// SPDX-License-Identifier: Apache-2.0
#include "server/services/call_guard.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace sta {
namespace {

constexpr int kCalmChecks = 50;
constexpr int64_t kUnbounded = std::numeric_limits<int64_t>::max();

}  // namespace

void CallGuard::Check() {
  const int64_t begun = calls_.Begun();
  // To count takes time for each connection, and this says without that there cannot be too many.
  const int64_t most = counted_ + (begun - begun_before_);
  if (!is_on_guard_ && most <= max_calls_) return;
  std::vector<ConnectionCalls> connections = Count(begun);
  if (counted_ > max_calls_) {
    if (!std::exchange(is_on_guard_, true)) connections_.Admit(0);
    EndTheLargest(std::move(connections));
  }
  if (is_on_guard_) AdmitSome();
}

std::vector<ConnectionCalls> CallGuard::Count(int64_t begun) {
  std::vector<ConnectionCalls> connections = calls_.ByConnection();
  begun_before_ = begun;
  counted_ = 0;
  for (const ConnectionCalls& connection : connections) counted_ += connection.open;
  return connections;
}

void CallGuard::EndTheLargest(std::vector<ConnectionCalls> connections) {
  int64_t left = counted_;
  for (const ConnectionCalls& connection : connections) {
    if (ended_.contains(connection.id)) left -= connection.open;
  }
  std::ranges::sort(connections, std::ranges::greater(), &ConnectionCalls::open);
  for (const ConnectionCalls& connection : connections) {
    if (left <= max_calls_ / 2) return;
    if (!ended_.insert(connection.id).second) continue;
    connections_.End(connection);
    left -= connection.open;
  }
}

void CallGuard::AdmitSome() {
  if (counted_ > max_calls_ / 2) {
    calm_checks_ = 0;
    return;
  }
  if (++calm_checks_ < kCalmChecks) {
    connections_.Admit(1);
    return;
  }
  is_on_guard_ = false;
  calm_checks_ = 0;
  ended_.clear();
  connections_.Admit(kUnbounded);
}

}  // namespace sta
