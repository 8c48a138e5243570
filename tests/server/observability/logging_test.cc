// SPDX-License-Identifier: Apache-2.0
#include "server/observability/logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sta {
namespace {

TEST(LoggingTest, WritesFieldsInBothFormats) {
  EXPECT_EQ(FormatLogLine(LogFormat::kJson, "model loaded", {{"model", "a\"b"}, {"version", 3}}),
            R"("event":"model loaded","model":"a\"b","version":3)");
  EXPECT_EQ(FormatLogLine(LogFormat::kText, "model loaded", {{"model", "a b"}, {"seconds", 0.5}}),
            R"(model loaded model="a b" seconds=0.5)");
}

TEST(LoggingTest, SurvivesBytesThatAreNoText) {
  EXPECT_EQ(FormatLogLine(LogFormat::kText, "x", {{"f", "\xff\n"}}), "x f=\"\xef\xbf\xbd\\n\"");
}

TEST(LoggingTest, WritesOnlyTheLevelsThatAreOn) {
  const auto written = [] {
    testing::internal::CaptureStderr();
    LogDebug("a debug line");
    LogInfo("an info line");
    LogWarning("a warning");
    LogError("an error");
    return testing::internal::GetCapturedStderr();
  };
  SetUpLogging(LogFormat::kText, spdlog::level::warn);
  EXPECT_EQ(CurrentLogLevels(),
            (LogLevels{.error = true, .warning = true, .info = false, .debug = false}));
  EXPECT_EQ(CurrentLogFormat(), LogFormat::kText);
  std::string lines = written();
  EXPECT_THAT(lines, testing::HasSubstr("a warning"));
  EXPECT_THAT(lines, testing::HasSubstr("an error"));
  EXPECT_THAT(lines, testing::Not(testing::HasSubstr(" line")));

  // Not only thresholds: each level by itself.
  SetLogLevels({.error = false, .warning = false, .info = false, .debug = true});
  lines = written();
  EXPECT_THAT(lines, testing::HasSubstr("a debug line"));
  EXPECT_THAT(lines, testing::Not(testing::HasSubstr("info")));
  EXPECT_THAT(lines, testing::Not(testing::HasSubstr("error")));
}

}  // namespace
}  // namespace sta
