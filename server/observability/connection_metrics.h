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

#include <string>

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

  // Each logs a warning, too, at most one a minute.
  void CountRefused();
  // One that was ended because it had the most calls of too many; `peer` is for the log.
  void CountEnded(const std::string& peer);

 private:
  // A counter, and when it may be logged again.
  struct Count {
    prometheus::Counter& counter;
    absl::Time next_warning = absl::InfinitePast();
  };

  // False: it is not to be logged now.
  bool Increment(Count& count) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Clock& clock_;
  absl::Mutex mutex_;
  Count refused_ ABSL_GUARDED_BY(mutex_);
  Count ended_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_CONNECTION_METRICS_H_
