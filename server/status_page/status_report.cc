// SPDX-License-Identifier: Apache-2.0
#include "server/status_page/status_report.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "histogram/bucket_counts.h"
#include "server/observability/buckets.h"

namespace sta {
namespace {

constexpr absl::Duration kWindow = absl::Minutes(1);

std::optional<absl::Duration> Percentile(const std::vector<int64_t>& counts, double share) {
  const std::optional<double> seconds = QuantileOf(DurationBuckets(), counts, share);
  if (!seconds.has_value()) return std::nullopt;
  return absl::Seconds(*seconds);
}

VersionReport ReportVersion(ModelStatus status, const VersionTotals& totals,
                            const LatencyWindow::View& view) {
  const std::vector<int64_t>& latency = view.counts.at({status.name, status.version});
  const double seconds = absl::ToDoubleSeconds(view.length);
  return {.status = std::move(status),
          .answered = totals.success.count,
          .failed = totals.failure.count,
          // Changes of a queue may be told in another order than they happened in.
          .queued_requests = std::max<int64_t>(totals.queued_requests, 0),
          .queued_tokens = std::max<int64_t>(totals.queued_tokens, 0),
          .answers_per_second = seconds > 0 ? static_cast<double>(TotalOf(latency)) / seconds : 0,
          .p50 = Percentile(latency, 0.5),
          .p99 = Percentile(latency, 0.99)};
}

}  // namespace

StatusReporter::StatusReporter(const Parts& parts, std::string server_version, absl::Time started)
    : parts_(parts),
      server_version_(std::move(server_version)),
      started_(started),
      window_(kWindow, started) {}

StatusReport StatusReporter::Report(absl::Time now) {
  StatusReport report{.server_version = server_version_, .started = started_, .time = now};
  report.state = parts_.draining.load()       ? "draining"
                 : parts_.registry.AllReady() ? "ready"
                                              : "not ready";
  std::vector<ModelStatus> statuses = parts_.registry.List();
  std::vector<VersionTotals> totals;
  LatencyCounts latency;
  for (const ModelStatus& status : statuses) {
    totals.push_back(parts_.statistics.Of(status.name, status.version));
    latency[{status.name, status.version}] = totals.back().latency;
  }
  const LatencyWindow::View view = window_.Look(latency, now);
  report.window = view.length;
  for (size_t i = 0; i < statuses.size(); ++i) {
    report.versions.push_back(ReportVersion(std::move(statuses[i]), totals[i], view));
  }
  report.devices = parts_.pool.Devices();
  return report;
}

}  // namespace sta
