// SPDX-License-Identifier: Apache-2.0
#include "server/observability/connection_metrics.h"

#include <cstdint>

#include "server/observability/logging.h"

namespace sta {

ConnectionMetrics::ConnectionMetrics(Metrics& metrics, Clock& clock)
    : clock_(clock),
      refused_{
          .counter =
              metrics
                  .AddCounters("sta_connections_refused_total",
                               "Connections that were closed at once because there are too many.")
                  .Add({})},
      ended_{.counter =
                 metrics
                     .AddCounters("sta_connections_ended_total",
                                  "Connections that were ended because they had the most calls of "
                                  "too many.")
                     .Add({})} {}

void ConnectionMetrics::CountRefused() {
  const absl::MutexLock lock(&mutex_);
  Increment(refused_, "connections refused: too many are open");
}

void ConnectionMetrics::CountEnded() {
  const absl::MutexLock lock(&mutex_);
  Increment(ended_, "connections ended: they had the most calls of too many");
}

void ConnectionMetrics::Increment(Count& count, const char* warning) {
  count.counter.Increment();
  const absl::Time now = clock_.Now();
  if (now < count.next_warning) return;
  count.next_warning = now + absl::Minutes(1);
  LogWarning(warning, {{"so_far", static_cast<int64_t>(count.counter.Value())}});
}

}  // namespace sta
