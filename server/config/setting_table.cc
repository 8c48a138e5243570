// SPDX-License-Identifier: Apache-2.0
#include "server/config/setting_table.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "server/config/setting_values.h"
#include "strings/nearest_name.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

template <typename T>
absl::Status Store(absl::StatusOr<T> value, T& member) {
  if (!value.ok()) return value.status();
  member = *std::move(value);
  return absl::OkStatus();
}

absl::Status StorePath(std::string_view text, std::string& member) {
  if (text.empty() || text.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("the path is empty; allowed: the path of a file or folder");
  }
  member = std::string(text);
  return absl::OkStatus();
}

constexpr std::array kSettings = {
    SettingSpec{"store", "DIR",
                "Folder of models, DIR/NAME/VERSION/; the newest version of each is served. "
                "Required.",
                [](std::string_view text, Settings& s) { return StorePath(text, s.store); },
                [](const Settings& s) { return s.store; }},
    SettingSpec{
        "listen", "HOST:PORT", "Where gRPC is served; port 0 takes a free one.",
        [](std::string_view text, Settings& s) { return Store(ParseAddress(text), s.listen); },
        [](const Settings& s) { return s.listen.ToString(); }},
    SettingSpec{
        "metrics", "HOST:PORT",
        "Where Prometheus finds /metrics; 'off' turns it off, port 0 takes a free one.",
        [](std::string_view text, Settings& s) {
          if (text.empty() || text == "off") {
            s.metrics = Address{};
            return absl::OkStatus();
          }
          return Store(ParseAddress(text), s.metrics);
        },
        [](const Settings& s) { return s.metrics.host.empty() ? "off" : s.metrics.ToString(); }},
    SettingSpec{"ports_file", "FILE",
                "Written once the server listens, with one line NAME=HOST:PORT for grpc and "
                "metrics.",
                [](std::string_view text, Settings& s) { return StorePath(text, s.ports_file); },
                [](const Settings& s) { return s.ports_file; }},
    SettingSpec{
        "devices", "LIST",
        "Devices that compute, with commas between: emulator or emulator:THREADS. Without "
        "THREADS an emulator uses every processor.",
        [](std::string_view text, Settings& s) { return Store(ParseDevices(text), s.devices); },
        [](const Settings& s) { return FormatDevices(s.devices); }},
    SettingSpec{
        "pin_threads", "BOOL",
        "Whether an emulator's threads keep to a core each: true or false. For machines that "
        "run nothing else.",
        [](std::string_view text, Settings& s) {
          const absl::StatusOr<std::string> choice = ParseChoice(text, {"true", "false"});
          if (choice.ok()) s.pin_threads = *choice == "true";
          return choice.status();
        },
        [](const Settings& s) { return std::string(s.pin_threads ? "true" : "false"); }},
    SettingSpec{"max_batch_tokens", "TOKENS", "Tokens that are computed together at the most.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 16, 1 << 20), s.max_batch_tokens);
                },
                [](const Settings& s) { return StrCat(s.max_batch_tokens); }},
    SettingSpec{"max_queue_tokens", "TOKENS",
                "Tokens that may wait for a model; more are refused with RESOURCE_EXHAUSTED.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 16, int64_t{1} << 32), s.max_queue_tokens);
                },
                [](const Settings& s) { return StrCat(s.max_queue_tokens); }},
    SettingSpec{"max_queue_requests", "REQUESTS",
                "Requests that may wait for a model; more are refused with RESOURCE_EXHAUSTED.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 1, 1 << 20), s.max_queue_requests);
                },
                [](const Settings& s) { return StrCat(s.max_queue_requests); }},
    SettingSpec{"max_queue_delay", "DURATION",
                "How long a request may wait for others to share its batch; 0 never waits while a "
                "device is idle.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseDuration(text, absl::Seconds(10)), s.max_queue_delay);
                },
                [](const Settings& s) { return absl::FormatDuration(s.max_queue_delay); }},
    SettingSpec{"max_message_bytes", "SIZE",
                "Largest request message; a larger one is refused with RESOURCE_EXHAUSTED.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseByteSize(text, 1 << 10, int64_t{1} << 30), s.max_message_bytes);
                },
                [](const Settings& s) { return FormatByteSize(s.max_message_bytes); }},
    SettingSpec{"max_rows_per_request", "ROWS",
                "Texts or rows of ids in one request; more are refused with INVALID_ARGUMENT.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 1, 1 << 20), s.max_rows_per_request);
                },
                [](const Settings& s) { return StrCat(s.max_rows_per_request); }},
    SettingSpec{"drain_timeout", "DURATION",
                "How long requests in flight may take to finish after SIGTERM.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseDuration(text, absl::Hours(1)), s.drain_timeout);
                },
                [](const Settings& s) { return absl::FormatDuration(s.drain_timeout); }},
    SettingSpec{"log_level", "LEVEL",
                "Least severe level that is logged: debug, info, warn, error.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseChoice(text, {"debug", "info", "warn", "error"}), s.log_level);
                },
                [](const Settings& s) { return s.log_level; }},
    SettingSpec{"log_format", "FORMAT", "How log lines look: json or text.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseChoice(text, {"json", "text"}), s.log_format);
                },
                [](const Settings& s) { return s.log_format; }},
};

}  // namespace

std::span<const SettingSpec> SettingTable() { return kSettings; }

std::string FlagName(std::string_view setting_name) {
  return absl::StrReplaceAll(AbslView(setting_name), {{"_", "-"}});
}

absl::Status ApplySetting(std::string_view name, std::string_view text, Settings& settings) {
  const auto found = std::find_if(kSettings.begin(), kSettings.end(),
                                  [&](const SettingSpec& spec) { return spec.name == name; });
  if (found == kSettings.end()) {
    std::vector<std::string> names;
    names.reserve(kSettings.size());
    for (const SettingSpec& spec : kSettings) names.emplace_back(spec.name);
    const std::string nearest = NearestName(std::string(name), names);
    return absl::InvalidArgumentError(StrCat("unknown key '", name, "'; ",
                                             nearest.empty()
                                                 ? "sta-server --help lists the known ones"
                                                 : StrCat("did you mean '", nearest, "'?")));
  }
  const absl::Status status = found->apply(text, settings);
  if (status.ok()) return status;
  return absl::Status(status.code(), StrCat(name, ": ", status.message()));
}

std::string SettingsMarkdown() {
  const Settings defaults;
  std::string table = "| flag | default | meaning |\n|---|---|---|\n";
  for (const SettingSpec& spec : kSettings) {
    const std::string value = spec.show(defaults);
    StrAppend(&table, "| `--", FlagName(spec.name), " ", spec.value_name, "` | ",
              value.empty() ? "" : StrCat("`", value, "`"), " | ", spec.help, " |\n");
  }
  return table;
}

}  // namespace sta
