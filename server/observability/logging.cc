// SPDX-License-Identifier: Apache-2.0
#include "server/observability/logging.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <string>

#include "strings/str_cat.h"

namespace sta {
namespace {

std::atomic<LogFormat> current_format = LogFormat::kText;
std::atomic<LogLevels> current_levels = LogLevels();

// A client's bytes may be in a field: what is not UTF-8 is replaced rather than thrown about.
std::string Dump(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void Log(spdlog::level::level_enum level, std::string_view event, LogFields fields) {
  spdlog::default_logger_raw()->log(level, "{}", FormatLogLine(current_format, event, fields));
}

}  // namespace

void SetUpLogging(LogFormat format, spdlog::level::level_enum lowest_level) {
  current_format = format;
  SetLogLevels({.error = lowest_level <= spdlog::level::err,
                .warning = lowest_level <= spdlog::level::warn,
                .info = lowest_level <= spdlog::level::info,
                .debug = lowest_level <= spdlog::level::debug});
  auto logger =
      std::make_shared<spdlog::logger>("sta", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(spdlog::level::trace);  // current_levels decide
  logger->flush_on(spdlog::level::trace);   // a line that is lost in a crash is the one needed
  // The message of a JSON line is the rest of its object.
  logger->set_pattern(format == LogFormat::kJson
                          ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})"
                          : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  spdlog::set_default_logger(std::move(logger));
}

LogLevels CurrentLogLevels() { return current_levels; }
void SetLogLevels(const LogLevels& levels) { current_levels = levels; }
LogFormat CurrentLogFormat() { return current_format; }

std::string FormatLogLine(LogFormat format, std::string_view event, LogFields fields) {
  std::string line;
  if (format == LogFormat::kJson) {
    line = StrCat("\"event\":", Dump(nlohmann::json(event)));
    for (const auto& [name, value] : fields) {
      StrAppend(&line, ",", Dump(nlohmann::json(name)), ":", Dump(value));
    }
    return line;
  }
  line = event;
  for (const auto& [name, value] : fields) StrAppend(&line, " ", name, "=", Dump(value));
  return line;
}

void LogDebug(std::string_view event, LogFields fields) {
  if (CurrentLogLevels().debug) Log(spdlog::level::debug, event, fields);
}
void LogInfo(std::string_view event, LogFields fields) {
  if (CurrentLogLevels().info) Log(spdlog::level::info, event, fields);
}
void LogWarning(std::string_view event, LogFields fields) {
  if (CurrentLogLevels().warning) Log(spdlog::level::warn, event, fields);
}
void LogError(std::string_view event, LogFields fields) {
  if (CurrentLogLevels().error) Log(spdlog::level::err, event, fields);
}

void LogAudit(LogFields fields) {
  // Whatever CurrentLogLevels are.
  Log(spdlog::level::info, "audit", fields);
}

}  // namespace sta
