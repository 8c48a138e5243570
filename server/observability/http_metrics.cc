// SPDX-License-Identifier: Apache-2.0
#include "server/observability/http_metrics.h"

#include <string>

namespace sta {

HttpMetrics::HttpMetrics(Metrics& metrics)
    : responses_(metrics.AddCounters("sta_http_responses_total", "HTTP responses, by status.")),
      connections_(metrics.AddGauges("sta_http_connections", "Open connections of HTTP.").Add({})) {
  responses_.Add({{"status", "200"}});  // a rate over it starts at zero
}

void HttpMetrics::CountResponse(int status) {
  responses_.Add({{"status", std::to_string(status)}}).Increment();
}

}  // namespace sta
