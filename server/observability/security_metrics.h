// SPDX-License-Identifier: Apache-2.0
//
// SecurityMetrics: what became of changes to the files of tokens and certificates, and how long the
// server's certificate is valid, for Prometheus.
//
//   SecurityMetrics security_metrics(metrics);
//   security_metrics.CountReload("tokens", true);
//
// Thread-safe.
#ifndef SERVER_OBSERVABILITY_SECURITY_METRICS_H_
#define SERVER_OBSERVABILITY_SECURITY_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>

#include <memory>
#include <string_view>

#include "absl/time/time.h"
#include "server/observability/metrics.h"

namespace sta {

class SecurityMetrics {
 public:
  // `metrics`, which must not be served yet, outlives this.
  explicit SecurityMetrics(Metrics& metrics);

  // `files` is "tls" or "tokens".
  void CountReload(std::string_view files, bool is_in_effect);

  // Of the server's certificate. Without TLS it is never called, and there is no such metric.
  void SetCertificateExpiry(absl::Time expiry);

 private:
  class Expiry;

  prometheus::Family<prometheus::Counter>& reloads_;
  const std::shared_ptr<Expiry> expiry_;
};

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_SECURITY_METRICS_H_
