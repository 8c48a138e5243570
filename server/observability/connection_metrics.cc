// SPDX-License-Identifier: Apache-2.0
#include "server/observability/connection_metrics.h"

#include <cstdint>

#include "server/observability/logging.h"

namespace sta {
namespace {

int64_t ValueOf(const prometheus::Counter& counter) {
  return static_cast<int64_t>(counter.Value());
}

}  // namespace

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
  if (!Increment(refused_)) return;
  LogWarning("connections refused: too many are open", {{"so_far", ValueOf(refused_.counter)}});
}

void ConnectionMetrics::CountEnded(const std::string& peer) {
  const absl::MutexLock lock(&mutex_);
  if (!Increment(ended_)) return;
  LogWarning("connections ended: they had the most calls of too many",
             {{"peer", peer}, {"so_far", ValueOf(ended_.counter)}});
}

bool ConnectionMetrics::Increment(Count& count) {
  count.counter.Increment();
  const absl::Time now = clock_.Now();
  if (now < count.next_warning) return false;
  count.next_warning = now + absl::Minutes(1);
  return true;
}

}  // namespace sta
