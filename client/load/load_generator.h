// SPDX-License-Identifier: Apache-2.0
//
// LoadGenerator: sends requests in a closed loop (so many at a time, each after the answer to the
// one before) or an open loop (at a rate, whatever the answers do) and measures latencies.
//
//   LoadResult result = RunClosedLoop(send, {.streams = 16, .duration = absl::Seconds(10)}, stop);
//   LoadResult result = RunOpenLoop(send, {.rate = 500, ...}, stop);
//
// An open loop measures from the moment at which a request should have been sent, so a server that
// stalls is charged for the requests that it kept from being sent ("coordinated omission"). Both
// block until the end and wait for what is in flight; `stop` set by anybody ends them early.
#ifndef CLIENT_LOAD_LOAD_GENERATOR_H_
#define CLIENT_LOAD_LOAD_GENERATOR_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/load/hdr_histogram.h"

namespace sta::client {

// Sends request number `index` and returns at once; `done` is called exactly once, from any thread.
using SendFunction = std::function<void(int64_t index, std::function<void(absl::Status)> done)>;

struct LoadOptions {
  int streams = 1;                                // closed loop: requests in flight
  double rate = 0;                                // open loop: requests a second, > 0
  bool is_poisson = true;                         // open loop: exponential gaps; else all alike
  absl::Duration warm_up = absl::ZeroDuration();  // sent but not counted
  absl::Duration duration = absl::Seconds(10);    // counted, after the warm-up
  int64_t max_requests = INT64_MAX;               // counted ones
  uint64_t seed = 1;
  // Open loop: with so many in flight the generator itself has lost; further ones are counted as
  // RESOURCE_EXHAUSTED without being sent.
  int64_t max_in_flight = 20000;
};

struct LoadResult {
  HdrHistogram latency_us;                     // of requests that succeeded
  std::map<absl::StatusCode, int64_t> errors;  // requests that did not
  absl::Duration elapsed;                      // counted part, to the last answer

  int64_t requests() const { return latency_us.count(); }
  double RequestsPerSecond() const;
};

LoadResult RunClosedLoop(const SendFunction& send, const LoadOptions& options,
                         const std::atomic<bool>& stop);
LoadResult RunOpenLoop(const SendFunction& send, const LoadOptions& options,
                       const std::atomic<bool>& stop);

}  // namespace sta::client

#endif  // CLIENT_LOAD_LOAD_GENERATOR_H_
