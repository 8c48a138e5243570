// SPDX-License-Identifier: Apache-2.0
//
// HttpMetrics: connections and responses of the HTTP front, for Prometheus. Requests for models
// count besides as the RPCs that they stand for (metrics.h).
//
//   HttpMetrics http_metrics(metrics);
//   http_metrics.CountResponse(200);
//
// Thread-safe.
#ifndef SERVER_OBSERVABILITY_HTTP_METRICS_H_
#define SERVER_OBSERVABILITY_HTTP_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>

#include "server/observability/metrics.h"

namespace sta {

class HttpMetrics {
 public:
  // `metrics`, which must not be served yet, outlives this.
  explicit HttpMetrics(Metrics& metrics);

  // `status` is one of ours, never a client's.
  void CountResponse(int status);
  void OnOpened() { connections_.Increment(); }
  void OnClosed() { connections_.Decrement(); }

 private:
  prometheus::Family<prometheus::Counter>& responses_;
  prometheus::Gauge& connections_;
};

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_HTTP_METRICS_H_
