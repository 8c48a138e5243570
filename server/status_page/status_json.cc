// SPDX-License-Identifier: Apache-2.0
#include "server/status_page/status_json.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "server/status_page/status_time.h"

namespace sta {
namespace {

using nlohmann::ordered_json;

ordered_json SecondsOrNull(const std::optional<absl::Duration>& duration) {
  if (!duration.has_value()) return nullptr;
  return absl::ToDoubleSeconds(*duration);
}

ordered_json VersionJson(const VersionReport& version) {
  const ModelStatus& status = version.status;
  return {{"name", status.name},
          {"version", status.version},
          {"state", std::string(ModelStateName(status.state))},
          {"reason", status.reason},
          {"since", StatusTime(status.since)},
          {"aliases", status.aliases},
          {"is_default", status.is_default},
          {"memory_bytes", status.memory_bytes},
          {"answered", version.answered},
          {"failed", version.failed},
          {"queued_requests", version.queued_requests},
          {"queued_tokens", version.queued_tokens},
          {"answers_per_second", version.answers_per_second},
          {"p50_seconds", SecondsOrNull(version.p50)},
          {"p99_seconds", SecondsOrNull(version.p99)}};
}

ordered_json DeviceJson(const DeviceStatus& device) {
  return {{"name", device.caps.name},
          {"kind", device.caps.kind},
          {"detail", device.caps.detail},
          {"state", std::string(DeviceStateName(device.state))},
          {"reason", device.state == DeviceState::kReady ? std::string() : device.reason},
          {"since", StatusTime(device.since)},
          {"in_flight", device.in_flight},
          {"batches", device.batches},
          {"tokens", device.tokens},
          {"failures", device.failures},
          {"busy_seconds", absl::ToDoubleSeconds(device.busy)}};
}

template <typename T, typename ToJson>
ordered_json ArrayOf(const std::vector<T>& values, ToJson to_json) {
  ordered_json array = ordered_json::array();
  for (const T& value : values) array.push_back(to_json(value));
  return array;
}

}  // namespace

std::string StatusJson(const StatusReport& report) {
  const ordered_json object = {{"server_version", report.server_version},
                               {"state", report.state},
                               {"started", StatusTime(report.started)},
                               {"time", StatusTime(report.time)},
                               {"window_seconds", absl::ToDoubleSeconds(report.window)},
                               {"models", ArrayOf(report.versions, VersionJson)},
                               {"devices", ArrayOf(report.devices, DeviceJson)}};
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace sta
