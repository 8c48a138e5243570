// SPDX-License-Identifier: Apache-2.0
//
// Structured logs on standard error: one line an event, JSON or text, with the event's name and
// its fields. Built on spdlog, which gives levels, time stamps and thread safety.
//
//   SetUpLogging(LogFormat::kJson, spdlog::level::info);
//   LogInfo("model loaded", {{"model", "minilm"}, {"version", 3}, {"seconds", 0.21}});
//
// Fields never hold secrets or whole requests. Thread-safe after SetUpLogging, which is called
// once, before other threads start. Which levels are written may change at any time.
#ifndef SERVER_OBSERVABILITY_LOGGING_H_
#define SERVER_OBSERVABILITY_LOGGING_H_

#include <spdlog/common.h>

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace sta {

enum class LogFormat { kJson, kText };

// Which lines are written, by level.
struct LogLevels {
  bool error = true;
  bool warning = true;
  bool info = true;
  bool debug = false;

  friend bool operator==(const LogLevels&, const LogLevels&) = default;
};

// `lowest_level` and what is more severe is written.
void SetUpLogging(LogFormat format, spdlog::level::level_enum lowest_level);

LogLevels CurrentLogLevels();
void SetLogLevels(const LogLevels& levels);
LogFormat CurrentLogFormat();

using LogFields = std::initializer_list<std::pair<std::string_view, nlohmann::json>>;

void LogDebug(std::string_view event, LogFields fields = {});
void LogInfo(std::string_view event, LogFields fields = {});
void LogWarning(std::string_view event, LogFields fields = {});
void LogError(std::string_view event, LogFields fields = {});
// An event `audit`, which is written whatever the lowest level is.
void LogAudit(LogFields fields);

// What stands after time and level: `"event":"x","a":1` (inside the line's object) or `x a=1`.
// For tests.
std::string FormatLogLine(LogFormat format, std::string_view event, LogFields fields);

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_LOGGING_H_
