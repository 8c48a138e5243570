// SPDX-License-Identifier: Apache-2.0
#include "server/status_page/status_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "server/models/served_model.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_pool.h"

namespace sta {
namespace {

class StatusReportTest : public testing::Test {
 protected:
  void Set(const char* name, int64_t version, ModelState state) {
    ModelStatus status;
    status.name = name;
    status.version = version;
    status.state = state;
    status.is_wanted = true;
    if (state != ModelState::kReady) return registry_.Set(std::move(status));
    auto served = std::make_shared<ServedModel>();
    served->name = name;
    served->version = version;
    registry_.SetReady(std::move(status), std::move(served));
  }

  static std::vector<std::unique_ptr<Device>> OneDevice() {
    std::vector<std::unique_ptr<Device>> devices;
    devices.push_back(MakeFakeDevice({.name = "a"}));
    return devices;
  }

  StatusReport Report(int64_t seconds) { return reporter_.Report(start_ + absl::Seconds(seconds)); }

  const absl::Time start_ = absl::FromUnixSeconds(1'000'000);
  FakeClock clock_;
  SilentPoolObserver observer_;
  DevicePool pool_{OneDevice(), DevicePoolOptions{}, clock_, observer_};
  ModelStatistics statistics_;
  ModelRegistry registry_;
  std::atomic<bool> draining_ = false;
  StatusReporter reporter_{
      {.registry = registry_, .pool = pool_, .statistics = statistics_, .draining = draining_},
      "1.2",
      start_};
};

TEST_F(StatusReportTest, TellsOfTheServer) {
  const StatusReport report = Report(30);
  EXPECT_EQ(report.server_version, "1.2");
  EXPECT_EQ(report.state, "ready");
  EXPECT_EQ(report.started, start_);
  EXPECT_EQ(report.time, start_ + absl::Seconds(30));
  EXPECT_EQ(report.window, absl::Seconds(30));
  EXPECT_TRUE(report.versions.empty());
  ASSERT_EQ(report.devices.size(), 1U);
  EXPECT_EQ(report.devices.front().caps.name, "a");
}

TEST_F(StatusReportTest, SaysWhyItIsNotReady) {
  Set("m", 1, ModelState::kLoading);
  EXPECT_EQ(Report(1).state, "not ready");
  draining_ = true;
  EXPECT_EQ(Report(2).state, "draining");
}

TEST_F(StatusReportTest, ListsVersionsNewestFirstWithTheirQueues) {
  Set("m", 1, ModelState::kReady);
  Set("m", 2, ModelState::kFailed);
  Set("a", 7, ModelState::kReady);
  statistics_.CountQueued("m", 1, 2, 30);
  statistics_.CountQueued("a", 7, -1, -3);  // what it takes back is told a little later
  const StatusReport report = Report(1);
  ASSERT_EQ(report.versions.size(), 3U);
  EXPECT_EQ(report.versions[0].status.name, "a");
  EXPECT_EQ(report.versions[1].status.version, 2);
  EXPECT_EQ(report.versions[1].status.state, ModelState::kFailed);
  EXPECT_EQ(report.versions[2].status.version, 1);
  EXPECT_EQ(report.versions[2].queued_requests, 2);
  EXPECT_EQ(report.versions[2].queued_tokens, 30);
  EXPECT_EQ(report.versions[1].queued_requests, 0);
  EXPECT_EQ(report.versions[0].queued_requests, 0);
  EXPECT_EQ(report.versions[0].queued_tokens, 0);
}

TEST_F(StatusReportTest, LatencyIsThatOfTheWindowAndCountsOfAllTime) {
  Set("m", 1, ModelState::kReady);
  const auto answer = [&](absl::Duration duration) {
    AnswerTimes times;
    times.total = duration;
    statistics_.CountAnswer("m", 1, times);
  };
  for (int i = 0; i < 100; ++i) answer(absl::Seconds(10));
  Report(10);
  statistics_.CountFailure("m", 1, start_, absl::Milliseconds(1));
  EXPECT_GT(Report(20).versions[0].p50, absl::Seconds(5));
  answer(absl::Microseconds(40));
  const VersionReport recent = Report(70).versions[0];
  EXPECT_EQ(recent.answered, 101);
  EXPECT_EQ(recent.failed, 1);
  EXPECT_EQ(recent.answers_per_second, 1.0 / 60);
  EXPECT_EQ(recent.p50, absl::Microseconds(25));
  EXPECT_LE(recent.p99, absl::Microseconds(50));
  const VersionReport quiet = Report(140).versions[0];
  EXPECT_EQ(quiet.answers_per_second, 0);
  EXPECT_EQ(quiet.p50, std::nullopt);
}

}  // namespace
}  // namespace sta
