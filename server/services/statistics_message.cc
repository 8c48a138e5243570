// SPDX-License-Identifier: Apache-2.0
#include "server/services/statistics_message.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

void Fill(const TimedCount& timed, inference::StatisticDuration& message) {
  message.set_count(static_cast<uint64_t>(timed.count));
  message.set_ns(static_cast<uint64_t>(absl::ToInt64Nanoseconds(timed.duration)));
}

void FillBatches(const VersionTotals& totals, inference::ModelStatistics& message) {
  for (const auto& [size, timed] : totals.batches_by_size) {
    inference::InferBatchStatistics& batches = *message.add_batch_stats();
    batches.set_batch_size(static_cast<uint64_t>(size));
    Fill(timed, *batches.mutable_compute_infer());
  }
}

void FillLatency(const VersionTotals& totals, inference::LatencyHistogram& message) {
  for (const double bound : DurationBuckets()) message.add_bound_seconds(bound);
  for (const int64_t count : totals.latency) message.add_count(static_cast<uint64_t>(count));
}

void FillVersion(const ModelStatus& status, const VersionTotals& totals,
                 inference::ModelStatistics& message) {
  message.set_name(status.name);
  message.set_version(StrCat(status.version));
  if (totals.last_request != absl::InfinitePast()) {
    message.set_last_inference(static_cast<uint64_t>(absl::ToUnixMillis(totals.last_request)));
  }
  message.set_inference_count(static_cast<uint64_t>(totals.rows));
  message.set_execution_count(static_cast<uint64_t>(totals.batches));
  inference::InferStatistics& times = *message.mutable_inference_stats();
  Fill(totals.success, *times.mutable_success());
  Fill(totals.failure, *times.mutable_fail());
  Fill(totals.queue, *times.mutable_queue());
  Fill(totals.input, *times.mutable_compute_input());
  Fill(totals.compute, *times.mutable_compute_infer());
  Fill(totals.output, *times.mutable_compute_output());
  FillBatches(totals, message);
  FillLatency(totals, *message.mutable_latency());
  message.set_queued_requests(static_cast<uint64_t>(std::max<int64_t>(totals.queued_requests, 0)));
  message.set_queued_tokens(static_cast<uint64_t>(std::max<int64_t>(totals.queued_tokens, 0)));
  if (status.memory_bytes == 0) return;
  inference::MemoryUsage& memory = *message.add_memory_usage();
  memory.set_type("CPU");
  memory.set_byte_size(static_cast<uint64_t>(status.memory_bytes));
}

}  // namespace

absl::Status FillStatistics(const inference::ModelStatisticsRequest& request,
                            const ModelRegistry& registry, const ModelStatistics& statistics,
                            inference::ModelStatisticsResponse& response) {
  const auto add = [&](const ModelStatus& status) {
    FillVersion(status, statistics.Of(status.name, status.version), *response.add_model_stats());
  };
  if (!request.name().empty()) {
    const absl::StatusOr<ModelStatus> named = registry.Describe(request.name(), request.version());
    if (!named.ok()) return named.status();
    if (!request.version().empty()) {
      add(*named);
      return absl::OkStatus();
    }
  }
  const std::vector<ModelStatus> versions =
      request.name().empty() ? registry.List() : registry.List(request.name());
  for (const ModelStatus& status : versions) {
    if (status.state == ModelState::kReady) add(status);
  }
  return absl::OkStatus();
}

}  // namespace sta
