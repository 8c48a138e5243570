// SPDX-License-Identifier: Apache-2.0
//
// What the status page tells: the state of the server, its models and devices, and how long
// requests took lately.
//
//   StatusReporter reporter({.registry = registry, .pool = pool, .statistics = statistics,
//                            .draining = draining}, version, absl::Now());
//   StatusReport report = reporter.Report(absl::Now());
//
// Thread-safe; a report is a copy, made under short locks.
#ifndef SERVER_STATUS_PAGE_STATUS_REPORT_H_
#define SERVER_STATUS_PAGE_STATUS_REPORT_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "accel/device_pool/device_pool.h"
#include "accel/device_pool/device_status.h"
#include "server/models/model_registry.h"
#include "server/models/model_status.h"
#include "server/observability/latency_window.h"
#include "server/observability/model_statistics.h"

namespace sta {

struct VersionReport {
  ModelStatus status = {};
  int64_t answered = 0;  // requests since the server started
  int64_t failed = 0;
  int64_t queued_requests = 0;  // that wait for a device now
  int64_t queued_tokens = 0;
  // Of the window: requests that were answered, and how long they took.
  double answers_per_second = 0;
  std::optional<absl::Duration> p50 = std::nullopt;
  std::optional<absl::Duration> p99 = std::nullopt;
};

struct StatusReport {
  std::string server_version = {};
  std::string state = {};  // "ready", "not ready" or "draining", as /healthz says it
  absl::Time started = {};
  absl::Time time = {};
  absl::Duration window = {};                // what rates and percentiles are about
  std::vector<VersionReport> versions = {};  // by name, newest version first
  std::vector<DeviceStatus> devices = {};
};

class StatusReporter {
 public:
  // All of it outlives the reporter.
  struct Parts {
    const ModelRegistry& registry;
    const DevicePool& pool;
    const ModelStatistics& statistics;
    const std::atomic<bool>& draining;
  };

  StatusReporter(const Parts& parts, std::string server_version, absl::Time started);

  StatusReport Report(absl::Time now);

 private:
  const Parts parts_;
  const std::string server_version_;
  const absl::Time started_;
  LatencyWindow window_;
};

}  // namespace sta

#endif  // SERVER_STATUS_PAGE_STATUS_REPORT_H_
