// SPDX-License-Identifier: Apache-2.0
//
// StoreMetrics: what is in the model store and what comes into it, for Prometheus.
//
//   StoreMetrics store_metrics(metrics);
//   store_metrics.Follow(&store);                // levels are read from now on
//   store_metrics.CountUpload(UploadResult::kStored);
//   ...
//   store_metrics.Follow(nullptr);               // before the store goes
//
// Levels are read from the store when Prometheus asks. Thread-safe.
#ifndef SERVER_OBSERVABILITY_STORE_METRICS_H_
#define SERVER_OBSERVABILITY_STORE_METRICS_H_

#include <prometheus/counter.h>

#include <array>
#include <cstddef>
#include <memory>

#include "model_store/store/version_store.h"
#include "server/observability/metrics.h"

namespace sta {

enum class UploadResult {
  kStored,    // it is a version now
  kExisting,  // the version was there already
  kRefused,   // it could not begin
  kFailed,    // all came, and was not accepted
  kAborted,   // given up by a client
};

class StoreMetrics {
 public:
  // `metrics`, which must not be served yet, outlives this.
  explicit StoreMetrics(Metrics& metrics);
  ~StoreMetrics();
  StoreMetrics(const StoreMetrics&) = delete;
  StoreMetrics& operator=(const StoreMetrics&) = delete;

  // Null: no more. Waits for a reading that is under way.
  void Follow(const VersionStore* store);

  void CountUpload(UploadResult result);
  // Bytes of chunks that were stored.
  void CountBytes(size_t bytes) { bytes_->Increment(static_cast<double>(bytes)); }

 private:
  class Levels;

  std::array<prometheus::Counter*, 5> uploads_{};  // by UploadResult
  prometheus::Counter* bytes_;
  const std::shared_ptr<Levels> levels_;
};

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_STORE_METRICS_H_
