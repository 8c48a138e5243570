// SPDX-License-Identifier: Apache-2.0
#include "client/commands/top_rates.h"

#include <algorithm>
#include <vector>

#include "histogram/bucket_counts.h"

namespace sta::client {
namespace {

const ModelTotals* Find(const TopView& view, const ModelVersion& version) {
  const auto found = std::ranges::find_if(view.totals, [&](const ModelTotals& totals) {
    return totals.name == version.name && totals.version == version.version;
  });
  return found == view.totals.end() ? nullptr : &*found;
}

const DeviceInfo* Find(const TopView& view, const DeviceInfo& device) {
  const auto found =
      std::ranges::find(view.devices.devices, device.name, [](const auto& d) { return d.name; });
  return found == view.devices.devices.end() ? nullptr : &*found;
}

// Over zero, or nothing.
std::optional<double> SecondsBetween(const TopView& now, const TopView* before) {
  if (before == nullptr || now.devices.time <= before->devices.time) return std::nullopt;
  return absl::ToDoubleSeconds(now.devices.time - before->devices.time);
}

std::optional<absl::Duration> Mean(absl::Duration sum, int64_t count) {
  if (count == 0) return std::nullopt;
  return sum / count;
}

std::optional<absl::Duration> Percentile(const ModelTotals& now, const ModelTotals& before,
                                         double share) {
  const std::vector<int64_t> counts = CountsSince(now.latency_counts, before.latency_counts);
  const std::optional<double> seconds = QuantileOf(now.latency_bounds_seconds, counts, share);
  if (!seconds.has_value()) return std::nullopt;
  return absl::Seconds(*seconds);
}

}  // namespace

std::optional<QueueDepth> QueueOf(const ModelVersion& version, const TopView& now) {
  const ModelTotals* totals = Find(now, version);
  if (totals == nullptr) return std::nullopt;
  return QueueDepth{.requests = totals->queued_requests, .tokens = totals->queued_tokens};
}

std::optional<ModelRates> RatesOf(const ModelVersion& version, const TopView& now,
                                  const TopView* before) {
  const std::optional<double> seconds = SecondsBetween(now, before);
  const ModelTotals* after = Find(now, version);
  if (!seconds.has_value() || after == nullptr) return std::nullopt;
  // One that became ready since has counted from zero, but for a version that was unloaded and
  // loaded again, whose counts go on.
  const ModelTotals* earlier = Find(*before, version);
  if (earlier == nullptr) return std::nullopt;
  const bool began_anew = after->answered < earlier->answered || after->failed < earlier->failed;
  const ModelTotals from = began_anew ? ModelTotals() : *earlier;
  const int64_t answered = after->answered - from.answered;
  const int64_t failed = after->failed - from.failed;
  return ModelRates{
      .requests = static_cast<double>(answered + failed) / *seconds,
      .errors = static_cast<double>(failed) / *seconds,
      .rows = static_cast<double>(after->rows - from.rows) / *seconds,
      .latency = Mean(after->total_time - from.total_time, answered),
      .p50 = Percentile(*after, from, 0.5),
      .p99 = Percentile(*after, from, 0.99),
      .queue = Mean(after->queue_time - from.queue_time, answered),
      .compute = Mean(after->compute_time - from.compute_time, answered),
  };
}

std::optional<DeviceRates> RatesOf(const DeviceInfo& device, const TopView& now,
                                   const TopView* before) {
  const std::optional<double> seconds = SecondsBetween(now, before);
  if (!seconds.has_value()) return std::nullopt;
  const DeviceInfo* earlier = Find(*before, device);
  if (earlier == nullptr) return std::nullopt;
  // What the server measures may be a little ahead of the time that it gives.
  const double busy = absl::ToDoubleSeconds(device.busy - earlier->busy) / *seconds;
  return DeviceRates{
      .busy_share = std::clamp(busy, 0.0, 1.0),
      .tokens = static_cast<double>(device.tokens - earlier->tokens) / *seconds,
      .batches = static_cast<double>(device.batches - earlier->batches) / *seconds,
  };
}

}  // namespace sta::client
