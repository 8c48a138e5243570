// SPDX-License-Identifier: Apache-2.0
#include "server/services/server_settings.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "strings/str_cat.h"

namespace sta {
namespace {

using LogValue = inference::LogSettingsRequest::SettingValue;

constexpr size_t kMaxShownBytes = 64;

struct LogSwitch {
  std::string_view name;
  bool LogLevels::*level;
};
constexpr std::array<LogSwitch, 3> kLogSwitches = {{{"log_error", &LogLevels::error},
                                                    {"log_warning", &LogLevels::warning},
                                                    {"log_info", &LogLevels::info}}};

constexpr std::string_view kTraceLevel = "trace_level";
constexpr std::array<std::string_view, 6> kTraceSettings = {
    kTraceLevel, "trace_file", "trace_rate", "trace_count", "log_frequency", "trace_mode"};

std::string FormatName(LogFormat format) { return format == LogFormat::kJson ? "json" : "text"; }

std::string Cut(std::string_view text) { return std::string(text.substr(0, kMaxShownBytes)); }

absl::Status NeedsA(std::string_view name, std::string_view type) {
  return absl::InvalidArgumentError(StrCat("log setting '", name, "': needs a ", type));
}

absl::Status ApplySwitch(const LogSwitch& log_switch, const LogValue& value,
                         const LogLevels& initial, LogLevels& levels) {
  if (value.parameter_choice_case() == LogValue::PARAMETER_CHOICE_NOT_SET) {
    levels.*log_switch.level = initial.*log_switch.level;
    return absl::OkStatus();
  }
  if (!value.has_bool_param()) return NeedsA(log_switch.name, "bool");
  levels.*log_switch.level = value.bool_param();
  return absl::OkStatus();
}

// A setting that has one value while the server runs.
absl::Status CheckSame(std::string_view name, const LogValue& value, std::string_view current) {
  if (value.parameter_choice_case() == LogValue::PARAMETER_CHOICE_NOT_SET) return absl::OkStatus();
  if (!value.has_string_param()) return NeedsA(name, "string");
  if (value.string_param() == current) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("log setting '", name, "': '", Cut(value.string_param()),
                                           "' cannot be set while the server runs; it is '",
                                           current, "'"));
}

absl::Status ApplyLogSetting(std::string_view name, const LogValue& value, LogFormat format,
                             const LogLevels& initial, LogLevels& levels) {
  const auto log_switch =
      std::ranges::find_if(kLogSwitches, [&](const LogSwitch& s) { return s.name == name; });
  if (log_switch != kLogSwitches.end()) return ApplySwitch(*log_switch, value, initial, levels);
  if (name == "log_verbose_level") {
    if (value.parameter_choice_case() == LogValue::PARAMETER_CHOICE_NOT_SET) {
      levels.debug = initial.debug;
      return absl::OkStatus();
    }
    if (!value.has_uint32_param()) return NeedsA(name, "uint32");
    levels.debug = value.uint32_param() > 0;
    return absl::OkStatus();
  }
  if (name == "log_file") return CheckSame(name, value, "");
  if (name == "log_format") return CheckSame(name, value, FormatName(format));
  return absl::InvalidArgumentError(StrCat("unknown log setting '", Cut(name),
                                           "'; allowed: log_error, log_warning, log_info, ",
                                           "log_verbose_level, log_file, log_format"));
}

}  // namespace

absl::StatusOr<LogLevels> ApplyLogSettings(const inference::LogSettingsRequest& request,
                                           const LogState& current, const LogLevels& initial) {
  LogLevels levels = current.levels;
  for (const auto& [name, value] : request.settings()) {
    absl::Status status = ApplyLogSetting(name, value, current.format, initial, levels);
    if (!status.ok()) return status;
  }
  return levels;
}

void FillLogSettings(const LogState& state, inference::LogSettingsResponse& response) {
  auto& settings = *response.mutable_settings();
  for (const LogSwitch& log_switch : kLogSwitches) {
    settings[std::string(log_switch.name)].set_bool_param(state.levels.*log_switch.level);
  }
  settings["log_verbose_level"].set_uint32_param(state.levels.debug ? 1 : 0);
  settings["log_file"].set_string_param("");
  settings["log_format"].set_string_param(FormatName(state.format));
}

absl::Status CheckTraceSettings(const inference::TraceSettingRequest& request) {
  for (const auto& [name, setting] : request.settings()) {
    if (std::ranges::find(kTraceSettings, name) == kTraceSettings.end()) {
      return absl::InvalidArgumentError(
          StrCat("unknown trace setting '", Cut(name), "'; allowed: trace_level"));
    }
    if (setting.value().empty()) continue;  // back to the default, which it is at
    const bool is_off =
        name == kTraceLevel &&
        std::ranges::all_of(setting.value(), [](auto& value) { return value == "OFF"; });
    if (is_off) continue;
    return absl::InvalidArgumentError(StrCat("trace setting '", name, "': '", Cut(setting.value(0)),
                                             "' is not offered: this server writes no traces; "
                                             "allowed: trace_level OFF"));
  }
  return absl::OkStatus();
}

void FillTraceSettings(inference::TraceSettingResponse& response) {
  (*response.mutable_settings())[std::string(kTraceLevel)].add_value("OFF");
}

}  // namespace sta
