// SPDX-License-Identifier: Apache-2.0
//
// Gauges whose values are read when Prometheus asks for the page. Pure functions.
#ifndef SERVER_OBSERVABILITY_GAUGES_H_
#define SERVER_OBSERVABILITY_GAUGES_H_

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace sta {

inline prometheus::MetricFamily GaugeFamilyOf(std::string name, std::string help) {
  prometheus::MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = prometheus::MetricType::Gauge;
  return family;
}

inline void AddGauge(std::vector<prometheus::ClientMetric::Label> labels, double value,
                     prometheus::MetricFamily& family) {
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  metric.gauge.value = value;
}

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_GAUGES_H_
