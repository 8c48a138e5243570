// SPDX-License-Identifier: Apache-2.0
//
// ConnectionMetrics: connections that the server would not have, for Prometheus and the log.
//
//   ConnectionMetrics connection_metrics(metrics, clock);
//   connection_metrics.CountRefused();
//
// Thread-safe.
#ifndef SERVER_OBSERVABILITY_CONNECTION_METRICS_H_
#define SERVER_OBSERVABILITY_CONNECTION_METRICS_H_

#include <prometheus/counter.h>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "server/observability/metrics.h"

namespace sta {

class ConnectionMetrics {
 public:
  // `metrics`, which must not be served yet, and `clock` outlive this.
  ConnectionMetrics(Metrics& metrics, Clock& clock);

  // Logs a warning, too, at most one a minute.
  void CountRefused();

 private:
  prometheus::Counter& refused_;
  Clock& clock_;
  absl::Mutex mutex_;
  absl::Time next_warning_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_CONNECTION_METRICS_H_
