// SPDX-License-Identifier: Apache-2.0
#include "server/observability/connection_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/observability/logging.h"
#include "tests/support/fake_clock.h"

namespace sta {
namespace {

using testing::HasSubstr;

int CountOf(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(ConnectionMetricsTest, CountsAllAndWarnsOfEachKindOnceAMinute) {
  SetUpLogging(LogFormat::kText, spdlog::level::info);
  Metrics metrics("1");
  FakeClock clock;
  ConnectionMetrics connection_metrics(metrics, clock);
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) connection_metrics.CountRefused();
  connection_metrics.CountEnded("192.0.2.7:1");
  clock.Advance(absl::Seconds(59));
  connection_metrics.CountEnded("192.0.2.8:2");
  clock.Advance(absl::Seconds(1));
  connection_metrics.CountRefused();
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(CountOf(log, "connections refused"), 2) << log;
  EXPECT_EQ(CountOf(log, "connections ended"), 1) << log;
  EXPECT_THAT(log, HasSubstr("so_far=4"));
  EXPECT_THAT(log, HasSubstr("peer=\"192.0.2.7:1\""));
  EXPECT_THAT(metrics.Text(), HasSubstr("sta_connections_refused_total 4"));
  EXPECT_THAT(metrics.Text(), HasSubstr("sta_connections_ended_total 2"));
}

}  // namespace
}  // namespace sta
