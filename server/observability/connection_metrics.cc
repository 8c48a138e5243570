// SPDX-License-Identifier: Apache-2.0
#include "server/observability/connection_metrics.h"

#include <cstdint>

#include "server/observability/logging.h"

namespace sta {

ConnectionMetrics::ConnectionMetrics(Metrics& metrics, Clock& clock)
    : refused_(metrics
                   .AddCounters("sta_connections_refused_total",
                                "Connections that were closed at once because there are too many.")
                   .Add({})),
      clock_(clock) {}

void ConnectionMetrics::CountRefused() {
  refused_.Increment();
  const absl::Time now = clock_.Now();
  {
    const absl::MutexLock lock(&mutex_);
    if (now < next_warning_) return;
    next_warning_ = now + absl::Minutes(1);
  }
  LogWarning("connections refused: too many are open",
             {{"refused_so_far", static_cast<int64_t>(refused_.Value())}});
}

}  // namespace sta
