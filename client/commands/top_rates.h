// SPDX-License-Identifier: Apache-2.0
//
// What a model version and a device did between two views (top.h). Private to top_report.cc and its
// test. Pure functions.
#ifndef CLIENT_COMMANDS_TOP_RATES_H_
#define CLIENT_COMMANDS_TOP_RATES_H_

#include <cstdint>
#include <optional>

#include "client/commands/top.h"

namespace sta::client {

// A second, where a time has passed. The times are of the requests answered meanwhile, and nothing
// where there were none.
struct ModelRates {
  double requests = 0;
  double errors = 0;
  double rows = 0;
  // From arrival to answer; percentiles are read out of the server's histogram.
  std::optional<absl::Duration> latency;
  std::optional<absl::Duration> p50;
  std::optional<absl::Duration> p99;
  // Means, as `latency` is one.
  std::optional<absl::Duration> queue;
  std::optional<absl::Duration> compute;
};

struct DeviceRates {
  double busy_share = 0;  // 0 .. 1
  double tokens = 0;
  double batches = 0;
};

// What waits for a device now.
struct QueueDepth {
  int64_t requests = 0;
  int64_t tokens = 0;
};

// Nothing of a version that is not ready.
std::optional<QueueDepth> QueueOf(const ModelVersion& version, const TopView& now);

// Nothing where there is no view before, none of the version or device in both, or no time between.
// Counters that went back (a version that was deleted and came again) count from zero.
std::optional<ModelRates> RatesOf(const ModelVersion& version, const TopView& now,
                                  const TopView* before);
std::optional<DeviceRates> RatesOf(const DeviceInfo& device, const TopView& now,
                                   const TopView* before);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_TOP_RATES_H_
