// SPDX-License-Identifier: Apache-2.0
#include "server/observability/http_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sta {
namespace {

using testing::HasSubstr;

TEST(HttpMetricsTest, CountsResponsesByStatusAndOpenConnections) {
  Metrics metrics("1");
  HttpMetrics http_metrics(metrics);
  EXPECT_THAT(metrics.Text(), HasSubstr("sta_http_responses_total{status=\"200\"} 0"));
  http_metrics.CountResponse(200);
  http_metrics.CountResponse(429);
  http_metrics.CountResponse(429);
  http_metrics.OnOpened();
  http_metrics.OnOpened();
  http_metrics.OnClosed();
  EXPECT_THAT(metrics.Text(), HasSubstr("sta_http_responses_total{status=\"200\"} 1"));
  EXPECT_THAT(metrics.Text(), HasSubstr("sta_http_responses_total{status=\"429\"} 2"));
  EXPECT_THAT(metrics.Text(), HasSubstr("sta_http_connections 1"));
}

}  // namespace
}  // namespace sta
