// SPDX-License-Identifier: Apache-2.0
#include "server/observability/model_statistics.h"

#include <algorithm>

#include "histogram/bucket_counts.h"

namespace sta {

VersionTotals& ModelStatistics::At(std::string_view model, int64_t version) {
  const auto found = models_.find(model);  // no allocation where it is there
  return found != models_.end() ? found->second[version] : models_[std::string(model)][version];
}

void ModelStatistics::CountAnswer(std::string_view model, int64_t version,
                                  const AnswerTimes& times) {
  const absl::MutexLock lock(&mutex_);
  VersionTotals& totals = At(model, version);
  totals.last_request = std::max(totals.last_request, times.arrived);
  totals.rows += times.rows;
  totals.success.Add(times.total);
  totals.queue.Add(times.queue);
  totals.input.Add(times.input);
  totals.compute.Add(times.compute);
  totals.output.Add(times.output);
  ++totals.latency[BucketOf(latency_bounds_, absl::ToDoubleSeconds(times.total))];
}

void ModelStatistics::CountFailure(std::string_view model, int64_t version, absl::Time arrived,
                                   absl::Duration total) {
  const absl::MutexLock lock(&mutex_);
  VersionTotals& totals = At(model, version);
  totals.last_request = std::max(totals.last_request, arrived);
  totals.failure.Add(total);
}

void ModelStatistics::CountBatch(std::string_view model, int64_t version, int64_t sequences,
                                 absl::Duration compute) {
  const absl::MutexLock lock(&mutex_);
  VersionTotals& totals = At(model, version);
  ++totals.batches;
  totals.batches_by_size[std::min(sequences, kLargestBatchSize)].Add(compute);
}

void ModelStatistics::CountQueued(std::string_view model, int64_t version, int64_t requests,
                                  int64_t tokens) {
  const absl::MutexLock lock(&mutex_);
  VersionTotals& totals = At(model, version);
  totals.queued_requests += requests;
  totals.queued_tokens += tokens;
}

VersionTotals ModelStatistics::Of(std::string_view model, int64_t version) const {
  const absl::MutexLock lock(&mutex_);
  const auto versions = models_.find(model);
  if (versions == models_.end()) return {};
  const auto found = versions->second.find(version);
  return found == versions->second.end() ? VersionTotals() : found->second;
}

void ModelStatistics::Forget(std::string_view model, int64_t version) {
  const absl::MutexLock lock(&mutex_);
  const auto versions = models_.find(model);
  if (versions == models_.end()) return;
  versions->second.erase(version);
  if (versions->second.empty()) models_.erase(versions);
}

}  // namespace sta
