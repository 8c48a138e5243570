// SPDX-License-Identifier: Apache-2.0
//
// DeviceMetrics: what the devices of a pool do, for Prometheus and the log.
//
//   DeviceMetrics device_metrics(metrics);
//   DevicePool pool(std::move(devices), {}, clock, device_metrics);
//   device_metrics.Follow(&pool);          // all series exist from here on
//   ...
//   device_metrics.Follow(nullptr);        // before the pool goes
//
// Counters are what the pool tells. Levels (state, batches in flight, temperature) are read from
// the pool when Prometheus asks: what several threads tell may arrive in another order than it
// happened in, and a gauge would then be wrong until the next change. Thread-safe.
#ifndef SERVER_OBSERVABILITY_DEVICE_METRICS_H_
#define SERVER_OBSERVABILITY_DEVICE_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "accel/device_pool/device_pool.h"
#include "accel/device_pool/pool_observer.h"
#include "server/observability/metrics.h"

namespace sta {

class DeviceMetrics final : public PoolObserver {
 public:
  // `metrics`, which must not be served yet, outlives this.
  explicit DeviceMetrics(Metrics& metrics);
  ~DeviceMetrics() override;

  // Makes the series of the pool's devices and reads their levels from now on; null: no more. Waits
  // for a reading that is under way.
  void Follow(const DevicePool* pool);

  // PoolObserver:
  void OnRun(std::string_view device, int64_t tokens, absl::Duration duration,
             const absl::Status& status) override;
  void OnFailover(std::string_view from, std::string_view to) override;
  void OnStateChange(std::string_view device, std::string_view state,
                     std::string_view reason) override;
  void OnAudit(std::string_view device, AuditVerdict verdict) override;

 private:
  class Levels;

  prometheus::Family<prometheus::Counter>& busy_;
  prometheus::Family<prometheus::Counter>& batches_;
  prometheus::Family<prometheus::Counter>& tokens_;
  prometheus::Family<prometheus::Counter>& failures_;
  prometheus::Family<prometheus::Counter>& failovers_;
  prometheus::Family<prometheus::Counter>& audits_;
  const std::shared_ptr<Levels> levels_;
};

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_DEVICE_METRICS_H_
