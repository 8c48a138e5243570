// SPDX-License-Identifier: Apache-2.0
#include "server/services/server_settings.h"

#include <functional>
#include <string>
#include <vector>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using inference::LogSettingsRequest;
using inference::TraceSettingRequest;

constexpr LogLevels kInitial = {.error = true, .warning = true, .info = true, .debug = false};

absl::StatusOr<LogLevels> Apply(const LogSettingsRequest& request, LogLevels current = kInitial) {
  return ApplyLogSettings(request, {.levels = current, .format = LogFormat::kJson}, kInitial);
}

TEST(LogSettingsTest, SwitchesEachLevelAlone) {
  LogSettingsRequest request;
  (*request.mutable_settings())["log_warning"].set_bool_param(false);
  (*request.mutable_settings())["log_verbose_level"].set_uint32_param(2);
  STA_ASSERT_OK_AND_ASSIGN(const LogLevels levels, Apply(request));
  EXPECT_EQ(levels, (LogLevels{.error = true, .warning = false, .info = true, .debug = true}));
}

TEST(LogSettingsTest, ASettingWithoutAValueGoesBack) {
  LogSettingsRequest request;
  for (const char* name :
       {"log_error", "log_warning", "log_info", "log_verbose_level", "log_file", "log_format"}) {
    (*request.mutable_settings())[name];
  }
  STA_ASSERT_OK_AND_ASSIGN(
      const LogLevels levels,
      Apply(request, {.error = false, .warning = false, .info = false, .debug = true}));
  EXPECT_EQ(levels, kInitial);
}

TEST(LogSettingsTest, WhatCannotChangeMayBeSetToWhatItIs) {
  LogSettingsRequest request;
  (*request.mutable_settings())["log_file"].set_string_param("");
  (*request.mutable_settings())["log_format"].set_string_param("json");
  STA_ASSERT_OK_AND_ASSIGN(const LogLevels levels, Apply(request));
  EXPECT_EQ(levels, kInitial);
}

TEST(LogSettingsTest, RefusesByName) {
  struct Case {
    std::string name;
    std::function<void(LogSettingsRequest::SettingValue&)> set;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"log_info", [](auto& v) { v.set_uint32_param(1); }, "log setting 'log_info': needs a bool"},
      {"log_error", [](auto& v) { v.set_string_param("true"); },
       "log setting 'log_error': needs a bool"},
      {"log_verbose_level", [](auto& v) { v.set_bool_param(true); },
       "log setting 'log_verbose_level': needs a uint32"},
      {"log_file", [](auto& v) { v.set_bool_param(true); },
       "log setting 'log_file': needs a string"},
      {"log_file", [](auto& v) { v.set_string_param("/tmp/x"); },
       "log setting 'log_file': '/tmp/x' cannot be set while the server runs; it is ''"},
      {"log_format", [](auto& v) { v.set_string_param("ISO8601"); },
       "log setting 'log_format': 'ISO8601' cannot be set while the server runs; it is 'json'"},
      {"log_color", [](auto& v) { v.set_bool_param(true); },
       "unknown log setting 'log_color'; allowed: log_error, log_warning, log_info, "
       "log_verbose_level, log_file, log_format"},
      {"", [](auto&) {},
       "unknown log setting ''; allowed: log_error, log_warning, log_info, log_verbose_level, "
       "log_file, log_format"}};
  for (const Case& bad : cases) {
    SCOPED_TRACE(bad.message);
    LogSettingsRequest request;
    bad.set((*request.mutable_settings())[bad.name]);
    EXPECT_THAT(Apply(request), StatusIs(StatusCode::kInvalidArgument, bad.message));
  }
}

TEST(LogSettingsTest, TellsAllSettings) {
  inference::LogSettingsResponse response;
  FillLogSettings({.levels = {.error = true, .warning = false, .info = false, .debug = true},
                   .format = LogFormat::kText},
                  response);
  const auto& settings = response.settings();
  EXPECT_EQ(settings.size(), 6U);
  EXPECT_TRUE(settings.at("log_error").bool_param());
  EXPECT_FALSE(settings.at("log_warning").bool_param());
  EXPECT_FALSE(settings.at("log_info").bool_param());
  EXPECT_EQ(settings.at("log_verbose_level").uint32_param(), 1U);
  EXPECT_EQ(settings.at("log_file").string_param(), "");
  EXPECT_EQ(settings.at("log_format").string_param(), "text");
}

TEST(TraceSettingsTest, OffIsAllThereIs) {
  TraceSettingRequest request;
  EXPECT_THAT(CheckTraceSettings(request), IsOk());
  (*request.mutable_settings())["trace_level"].add_value("OFF");
  (*request.mutable_settings())["trace_rate"];  // cleared
  EXPECT_THAT(CheckTraceSettings(request), IsOk());
  inference::TraceSettingResponse response;
  FillTraceSettings(response);
  ASSERT_EQ(response.settings_size(), 1);
  EXPECT_EQ(response.settings().at("trace_level").value(0), "OFF");
}

TEST(TraceSettingsTest, RefusesByName) {
  TraceSettingRequest request;
  (*request.mutable_settings())["trace_level"].add_value("TIMESTAMPS");
  EXPECT_THAT(CheckTraceSettings(request),
              StatusIs(StatusCode::kInvalidArgument,
                       "trace setting 'trace_level': 'TIMESTAMPS' is not offered: this server "
                       "writes no traces; allowed: trace_level OFF"));
  request.clear_settings();
  (*request.mutable_settings())["trace_rate"].add_value("10");
  EXPECT_THAT(CheckTraceSettings(request),
              StatusIs(StatusCode::kInvalidArgument,
                       "trace setting 'trace_rate': '10' is not offered: this server writes no "
                       "traces; allowed: trace_level OFF"));
  request.clear_settings();
  (*request.mutable_settings())["trace_color"];
  EXPECT_THAT(CheckTraceSettings(request),
              StatusIs(StatusCode::kInvalidArgument,
                       "unknown trace setting 'trace_color'; allowed: trace_level"));
}

}  // namespace
}  // namespace sta
