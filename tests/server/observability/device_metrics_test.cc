// SPDX-License-Identifier: Apache-2.0
#include "server/observability/device_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "server/observability/logging.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_pool.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;
using testing::Not;

class DeviceMetricsTest : public testing::Test {
 protected:
  // Devices "a" and "b"; "b" knows its temperature.
  static std::vector<std::unique_ptr<Device>> TwoDevices() {
    std::vector<std::unique_ptr<Device>> devices;
    devices.push_back(MakeFakeDevice({.name = "a"}));
    auto second = MakeFakeDevice({.name = "b"});
    second->SetTelemetry({.temperature_celsius = 61.5});
    devices.push_back(std::move(second));
    return devices;
  }

  void ExpectLines(const std::vector<std::string>& lines) const {
    const std::string text = metrics_.Text();
    for (const std::string& line : lines) EXPECT_THAT(text, HasSubstr(line + "\n"));
  }

  Metrics metrics_{"1"};
  DeviceMetrics device_metrics_{metrics_};
  FakeClock clock_;
};

TEST_F(DeviceMetricsTest, SeriesArePresentFromTheStart) {
  const DevicePool pool(TwoDevices(), {}, clock_, device_metrics_);
  device_metrics_.Follow(&pool);
  ExpectLines({R"(sta_device_busy_seconds_total{device="a"} 0)",
               R"(sta_device_batches_total{device="b"} 0)",
               R"(sta_device_tokens_total{device="b"} 0)",
               R"(sta_device_failures_total{device="a"} 0)",
               R"(sta_device_failovers_total{from="a",to="b"} 0)",
               R"(sta_device_failovers_total{from="b",to="a"} 0)",
               R"(sta_device_audits_total{device="a",result="matched"} 0)",
               R"(sta_device_audits_total{device="a",result="mismatched"} 0)",
               R"(sta_device_audits_total{device="a",result="undecided"} 0)",
               R"(sta_device_state{device="a",state="ready"} 1)",
               R"(sta_device_state{device="a",state="quarantined"} 0)",
               R"(sta_device_state{device="a",state="probation"} 0)",
               R"(sta_device_state{device="a",state="held"} 0)",
               R"(sta_device_in_flight_batches{device="a"} 0)",
               R"(sta_device_temperature_celsius{device="b"} 61.5)"});
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr(R"(failovers_total{from="a",to="a"})")));
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr(R"(celsius{device="a"})")));
  device_metrics_.Follow(nullptr);
}

TEST_F(DeviceMetricsTest, CountsWhatThePoolTells) {
  device_metrics_.OnRun("a", 30, absl::Seconds(2), absl::OkStatus());
  device_metrics_.OnRun("a", 12, absl::Seconds(1), absl::InternalError("x"));
  device_metrics_.OnFailover("a", "b");
  device_metrics_.OnAudit("a", AuditVerdict::kMatched);
  device_metrics_.OnAudit("a", AuditVerdict::kMatched);
  device_metrics_.OnAudit("a", AuditVerdict::kMismatched);
  for (int i = 0; i < 3; ++i) device_metrics_.OnAudit("a", AuditVerdict::kUndecided);
  ExpectLines({R"(sta_device_busy_seconds_total{device="a"} 3)",
               R"(sta_device_batches_total{device="a"} 2)",
               R"(sta_device_tokens_total{device="a"} 30)",
               R"(sta_device_failures_total{device="a"} 1)",
               R"(sta_device_failovers_total{from="a",to="b"} 1)",
               R"(sta_device_audits_total{device="a",result="matched"} 2)",
               R"(sta_device_audits_total{device="a",result="mismatched"} 1)",
               R"(sta_device_audits_total{device="a",result="undecided"} 3)"});
}

TEST_F(DeviceMetricsTest, LevelsAreReadFromThePoolWhileItIsFollowed) {
  DevicePool pool(TwoDevices(), {}, clock_, device_metrics_);
  device_metrics_.Follow(&pool);
  ASSERT_THAT(pool.Quarantine("b", "", false), IsOk());
  ExpectLines({R"(sta_device_state{device="b",state="ready"} 0)",
               R"(sta_device_state{device="b",state="held"} 1)"});
  device_metrics_.Follow(nullptr);
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr("sta_device_state{")));
}

TEST_F(DeviceMetricsTest, LogsChangesOfState) {
  std::ostringstream lines;
  const auto before = spdlog::default_logger();
  auto logger = std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines));
  logger->set_pattern("%l %v");
  spdlog::set_default_logger(logger);
  device_metrics_.OnStateChange("a", "quarantined", "hang");
  device_metrics_.OnStateChange("a", "probation", "hang");
  device_metrics_.OnStateChange("a", "ready", "hang");
  device_metrics_.OnStateChange("a", "held", "new fan");
  spdlog::set_default_logger(before);
  EXPECT_EQ(lines.str(),
            "warning device state device=\"a\" state=\"quarantined\" reason=\"hang\"\n"
            "info device state device=\"a\" state=\"probation\"\n"
            "info device state device=\"a\" state=\"ready\"\n"
            "warning device state device=\"a\" state=\"held\" reason=\"new fan\"\n");
}

}  // namespace
}  // namespace sta
