// SPDX-License-Identifier: Apache-2.0
#include "server/observability/access_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "server/observability/logging.h"
#include "tests/support/fake_clock.h"

namespace sta {
namespace {

using absl::StatusCode;

void Ignore(const AccessRecord& /*record*/) {}

TEST(AccessLogTest, PicksTheShareByChance) {
  FakeClock clock;
  uint64_t bits = 0;
  const auto random = [&] { return bits; };
  AccessLog none({.fraction = 0, .random = random}, clock, Ignore);
  AccessLog quarter({.fraction = 0.25, .random = random}, clock, Ignore);
  AccessLog all({.fraction = 1, .random = random}, clock, Ignore);
  struct Case {
    uint64_t bits;
    bool is_in_quarter;
  };
  for (const Case& c : {Case{0, true}, Case{(uint64_t{1} << 62) - 1, true},
                        Case{uint64_t{1} << 62, false}, Case{~uint64_t{0}, false}}) {
    bits = c.bits;
    for (const StatusCode code : {StatusCode::kOk, StatusCode::kInvalidArgument,
                                  StatusCode::kResourceExhausted, StatusCode::kUnavailable}) {
      EXPECT_FALSE(none.Wants(code));
      EXPECT_EQ(quarter.Wants(code), c.is_in_quarter) << bits;
      EXPECT_TRUE(all.Wants(code));
    }
  }
}

TEST(AccessLogTest, ReportsSomeOfTheServersFailuresASecond) {
  FakeClock clock;
  std::vector<int64_t> left_out;
  AccessLog log({.fraction = 0, .max_failures_per_second = 2}, clock,
                [&](const AccessRecord& record) { left_out.push_back(record.left_out); });
  const auto fail = [&](StatusCode code) {
    const bool wanted = log.Wants(code);
    if (wanted) log.Write({});
    return wanted;
  };
  EXPECT_TRUE(fail(StatusCode::kInternal));
  EXPECT_TRUE(fail(StatusCode::kDataLoss));
  EXPECT_FALSE(fail(StatusCode::kUnknown));
  clock.Advance(absl::Milliseconds(999));
  EXPECT_FALSE(fail(StatusCode::kInternal));
  clock.Advance(absl::Milliseconds(1));
  EXPECT_TRUE(fail(StatusCode::kInternal));
  EXPECT_TRUE(fail(StatusCode::kInternal));
  EXPECT_FALSE(fail(StatusCode::kInternal));
  EXPECT_THAT(left_out, testing::ElementsAre(0, 0, 2, 0));
}

TEST(AccessLogTest, AFailureThatChancePicksIsNotLeftOut) {
  FakeClock clock;
  AccessLog log({.fraction = 1, .max_failures_per_second = 1}, clock, Ignore);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(log.Wants(StatusCode::kInternal));
}

class AccessLineTest : public testing::Test {
 protected:
  AccessLineTest() { SetUpLogging(LogFormat::kJson, spdlog::level::info); }
  ~AccessLineTest() override { SetUpLogging(LogFormat::kText, spdlog::level::info); }

  static nlohmann::json Line(const AccessRecord& record) {
    testing::internal::CaptureStderr();
    LogAccess(record);
    return nlohmann::json::parse(testing::internal::GetCapturedStderr());
  }
};

TEST_F(AccessLineTest, SaysWhatWasAskedAndWhereTheTimeWent) {
  nlohmann::json line = Line({.rpc = "ModelInfer",
                              .model = "m",
                              .version = 3,
                              .status = absl::OkStatus(),
                              .client = "ipv4:10.0.0.1",
                              .request_id = "r",
                              .trace = {.trace_id = "t", .parent_span_id = "s"},
                              .tokens = 40,
                              .times = {.rows = 2,
                                        .total = absl::Microseconds(15),
                                        .queue = absl::Microseconds(1),
                                        .input = absl::Microseconds(2),
                                        .compute = absl::Microseconds(4),
                                        .output = absl::Microseconds(8)}});
  line.erase("time");
  EXPECT_EQ(line, nlohmann::json::parse(R"({
    "level": "info", "event": "request", "rpc": "ModelInfer", "model": "m", "version": 3,
    "code": "OK", "reason": "", "client": "ipv4:10.0.0.1", "request_id": "r", "trace_id": "t",
    "parent_span_id": "s", "rows": 2, "tokens": 40, "input_us": 2, "queue_us": 1, "compute_us": 4,
    "output_us": 8, "total_us": 15, "left_out": 0})"));
}

TEST_F(AccessLineTest, CutsWhatAClientChose) {
  const std::string text(1 << 20, '\n');
  const nlohmann::json line = Line(
      {.model = text, .status = absl::NotFoundError(text), .client = text, .request_id = text});
  for (const char* field : {"model", "client", "request_id"}) {
    EXPECT_EQ(line[field], std::string(128, '\n')) << field;
  }
  EXPECT_EQ(line["reason"], "");  // it may repeat what the client sent
}

TEST_F(AccessLineTest, WarnsWithTheReasonWhereTheServerFailed) {
  const nlohmann::json line = Line({.status = absl::InternalError(std::string(1000, 'x'))});
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["code"], "INTERNAL");
  EXPECT_EQ(line["reason"], std::string(512, 'x'));
}

}  // namespace
}  // namespace sta
