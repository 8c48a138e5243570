// SPDX-License-Identifier: Apache-2.0
//
// The call of Client about what models have done (ModelStatistics).
#include <cstdint>

#include "absl/strings/numbers.h"
#include "client/client.h"
#include "client/client_impl.h"

namespace sta::client {
namespace {

absl::Duration Time(const inference::StatisticDuration& part) {
  return absl::Nanoseconds(static_cast<int64_t>(part.ns()));
}

int64_t Count(const inference::StatisticDuration& part) {
  return static_cast<int64_t>(part.count());
}

ModelTotals FromProto(const inference::ModelStatistics& statistics) {
  const inference::InferStatistics& times = statistics.inference_stats();
  ModelTotals totals = {.name = statistics.name(),
                        .rows = static_cast<int64_t>(statistics.inference_count()),
                        .batches = static_cast<int64_t>(statistics.execution_count()),
                        .answered = Count(times.success()),
                        .failed = Count(times.fail()),
                        .total_time = Time(times.success()),
                        .queue_time = Time(times.queue()),
                        .compute_time = Time(times.compute_infer()),
                        .queued_requests = static_cast<int64_t>(statistics.queued_requests()),
                        .queued_tokens = static_cast<int64_t>(statistics.queued_tokens())};
  const inference::LatencyHistogram& latency = statistics.latency();
  totals.latency_bounds_seconds.assign(latency.bound_seconds().begin(),
                                       latency.bound_seconds().end());
  totals.latency_counts.assign(latency.count().begin(), latency.count().end());
  // Another server's may be no number, which leaves 0.
  if (!absl::SimpleAtoi(statistics.version(), &totals.version)) totals.version = 0;
  return totals;
}

}  // namespace

absl::StatusOr<std::vector<ModelTotals>> Client::ModelStatistics() {
  const auto response = impl_->Call<inference::ModelStatisticsResponse>(
      impl_->inference(), &inference::GRPCInferenceService::Stub::ModelStatistics,
      inference::ModelStatisticsRequest());
  if (!response.ok()) return response.status();
  std::vector<ModelTotals> totals;
  for (const inference::ModelStatistics& statistics : response->model_stats()) {
    totals.push_back(FromProto(statistics));
  }
  return totals;
}

}  // namespace sta::client
