// SPDX-License-Identifier: Apache-2.0
#include "server/observability/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "server/observability/connection_metrics.h"
#include "server/observability/device_metrics.h"
#include "server/observability/http_metrics.h"
#include "server/observability/security_metrics.h"
#include "server/observability/store_metrics.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_pool.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;
using testing::Not;

ServedModel Model(const char* name) {
  ServedModel model;
  model.name = name;
  model.version = 1;
  return model;
}

TEST(MetricsTest, SeriesOfAModelArePresentFromTheStart) {
  Metrics metrics("1.2.3");
  metrics.RegisterModel("minilm", 4);
  const std::string text = metrics.Text();
  for (const char* line : {
           R"(sta_build_info{version="1.2.3"} 1)",
           R"(sta_requests_total{code="OK",model="minilm",rpc="ModelInfer",version="4"} 0)",
           R"(sta_phase_duration_seconds_count{model="minilm",phase="queue"} 0)",
           R"(sta_queue_depth_tokens{model="minilm"} 0)",
           R"(sta_rejected_total{model="minilm",reason="queue_full"} 0)",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(MetricsTest, CountsRequestsByCode) {
  Metrics metrics("1");
  metrics.RegisterModel("m", 1);
  metrics.CountRequest("m", 1, "ModelInfer", absl::StatusCode::kOk, absl::Milliseconds(3));
  metrics.CountRequest("m", 1, "ModelInfer", absl::StatusCode::kInvalidArgument,
                       absl::Milliseconds(1));
  metrics.CountRequest("", 0, "ServerLive", absl::StatusCode::kOk, absl::Milliseconds(1));
  const std::string text = metrics.Text();
  for (
      const char* line : {
          R"(sta_requests_total{code="OK",model="m",rpc="ModelInfer",version="1"} 1)",
          R"(sta_requests_total{code="INVALID_ARGUMENT",model="m",rpc="ModelInfer",version="1"} 1)",
          R"(sta_requests_total{code="OK",model="",rpc="ServerLive",version="0"} 1)",
          R"(sta_request_duration_seconds_count{model="m",rpc="ModelInfer",version="1"} 2)",
      }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(MetricsTest, ShowsTheStateOfEveryVersion) {
  Metrics metrics("1");
  metrics.SetModelState("m", 2, "LOADING");
  EXPECT_THAT(metrics.Text(),
              HasSubstr(R"(sta_model_state{model="m",state="LOADING",version="2"} 1)"));
  metrics.SetModelState("m", 2, "READY");
  const std::string text = metrics.Text();
  for (const char* line : {
           R"(sta_model_state{model="m",state="LOADING",version="2"} 0)",
           R"(sta_model_state{model="m",state="READY",version="2"} 1)",
           R"(sta_model_state{model="m",state="FAILED",version="2"} 0)",
           R"(sta_requests_total{code="OK",model="m",rpc="ModelInfer",version="2"} 0)",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(MetricsTest, AVersionThatIsGoneTakesItsSeriesWithIt) {
  Metrics metrics("build");
  for (const int64_t version : {1, 2}) {
    metrics.SetModelState("m", version, "READY");
    metrics.CountRequest("m", version, "ModelInfer", absl::StatusCode::kInvalidArgument,
                         absl::Milliseconds(1));
  }
  metrics.SetModelState("m", 1, "");
  metrics.SetModelState("m", 7, "");  // never was there
  const std::string text = metrics.Text();
  EXPECT_THAT(text, Not(HasSubstr(R"(version="1")")));
  EXPECT_THAT(text,
              HasSubstr(R"(code="INVALID_ARGUMENT",model="m",rpc="ModelInfer",version="2"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(sta_phase_duration_seconds_count{model="m",phase="queue"})"));
}

TEST(MetricsTest, AClientCannotInventLabels) {
  Metrics metrics("1");
  metrics.CountRequest("evil\"} 1", 77, "ModelInfer", absl::StatusCode::kNotFound,
                       absl::ZeroDuration());
  metrics.CountRejected("evil", RejectReason::kWorkersFull);
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("evil")));
  EXPECT_THAT(
      metrics.Text(),
      HasSubstr(
          R"(sta_requests_total{code="NOT_FOUND",model="unknown",rpc="ModelInfer",version="0"} 1)"));
}

TEST(MetricsTest, FollowsBatchesAndQueues) {
  Metrics metrics("1");
  metrics.RegisterModel("m", 1);
  const ServedModel model = Model("m");
  metrics.OnQueueChange(model, 1, 30);
  metrics.OnQueueChange(model, 1, 12);
  metrics.OnQueueChange(model, -1, -30);
  metrics.OnBatch(model, {.tokens = 30, .sequences = 2});
  metrics.OnBatch(model, {.tokens = 30, .sequences = 2});
  metrics.OnBatchDone(model, {.tokens = 30, .sequences = 2}, absl::Milliseconds(4));
  metrics.OnRejected(model, RejectReason::kExpired);
  const std::string text = metrics.Text();
  for (const char* line :
       {R"(sta_queue_depth_requests{model="m"} 1)", R"(sta_queue_depth_tokens{model="m"} 12)",
        R"(sta_batch_tokens_sum{model="m"} 60)",
        R"(sta_rejected_total{model="m",reason="expired"} 1)"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  const VersionTotals totals = metrics.statistics().Of("m", model.version);
  EXPECT_EQ(totals.batches, 1);
  EXPECT_EQ(totals.batches_by_size,
            (std::map<int64_t, TimedCount>{{2, {1, absl::Milliseconds(4)}}}));
  EXPECT_EQ(totals.queued_requests, 1);
  EXPECT_EQ(totals.queued_tokens, 12);
}

TEST(MetricsTest, ServesOnAFreePortAndNamesATakenOne) {
  Metrics first("1");
  STA_ASSERT_OK_AND_ASSIGN(const int port, first.Serve("127.0.0.1", 0));
  EXPECT_GT(port, 0);
  Metrics second("1");
  EXPECT_THAT(second.Serve("127.0.0.1", port),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("cannot serve metrics on")));
}

// docs/operations.md lists every metric by its name in backquotes, and no other.
TEST(MetricsTest, TheCatalogIsComplete) {
  Metrics metrics("1");
  DeviceMetrics device_metrics(metrics);
  const StoreMetrics store_metrics(metrics);
  const HttpMetrics http_metrics(metrics);
  SecurityMetrics security_metrics(metrics);
  security_metrics.CountReload("tokens", true);
  security_metrics.SetCertificateExpiry(absl::FromUnixSeconds(1));
  FakeClock clock;
  const ConnectionMetrics connection_metrics(metrics, clock);
  std::vector<std::unique_ptr<Device>> devices;
  devices.push_back(MakeFakeDevice({.name = "a"}));
  devices.push_back(MakeFakeDevice({.name = "b"}));
  const DevicePool pool(std::move(devices), {}, clock, device_metrics);
  device_metrics.Follow(&pool);
  metrics.CountRequest("", 0, "ServerLive", absl::StatusCode::kOk, absl::ZeroDuration());
  metrics.SetModelState("m", 1, "READY");
  std::set<std::string> in_code;
  const std::string text = metrics.Text();
  const std::regex help("# HELP (sta_[a-z_]+)");
  for (std::sregex_iterator it(text.begin(), text.end(), help); it != std::sregex_iterator();
       ++it) {
    in_code.insert((*it)[1]);
  }
  std::ifstream file(STA_TEST_DATA_DIR "/../docs/operations.md");
  std::stringstream content;
  content << file.rdbuf();
  const std::string page = content.str();
  std::set<std::string> in_catalog;
  const std::regex name("`(sta_[a-z_]+)");
  for (std::sregex_iterator it(page.begin(), page.end(), name); it != std::sregex_iterator();
       ++it) {
    in_catalog.insert((*it)[1]);
  }
  EXPECT_EQ(in_code, in_catalog);
  device_metrics.Follow(nullptr);
}

}  // namespace
}  // namespace sta
