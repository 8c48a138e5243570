// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "client/commands/devices.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

// 0 .. 1. What the server measures may be a little ahead of the time that it gives.
double BusyShare(const DeviceInfo& device, const DeviceList& list, const DeviceList* before) {
  absl::Duration busy = device.busy;
  absl::Time from = list.counting_since;
  if (before != nullptr) {
    const auto earlier =
        std::ranges::find(before->devices, device.name, [](const auto& d) { return d.name; });
    if (earlier != before->devices.end()) {
      busy -= earlier->busy;
      from = before->time;
    }
  }
  if (list.time <= from) return 0;
  return std::clamp(absl::FDivDuration(busy, list.time - from), 0.0, 1.0);
}

std::string Audits(const DeviceInfo& device) {
  if (device.audits == 0) return "-";
  return StrCat(WithThousands(device.audits - device.audit_mismatches), "/",
                WithThousands(device.audits));
}

std::string WholeSeconds(absl::Duration duration) {
  return absl::FormatDuration(absl::Ceil(duration, absl::Seconds(1)));
}

// What it is; of one that is out of service, why.
std::string Detail(const DeviceInfo& device, absl::Time now) {
  if (device.state == "READY") return device.detail;
  std::string text = device.reason;
  if (device.next_attempt.has_value()) {
    const absl::Duration left = std::max(*device.next_attempt - now, absl::ZeroDuration());
    StrAppend(&text, "; next attempt in ", WholeSeconds(left));
  }
  return text;
}

OrderedJson DeviceJson(const DeviceInfo& device, double busy_share) {
  OrderedJson json = {{"name", device.name},
                      {"kind", device.kind},
                      {"detail", device.detail},
                      {"state", device.state},
                      {"reason", device.reason},
                      {"since", absl::FormatTime(device.since, absl::UTCTimeZone())},
                      {"max_tokens", device.max_tokens},
                      {"max_in_flight", device.max_in_flight},
                      {"in_flight", device.in_flight},
                      {"batches", device.batches},
                      {"tokens", device.tokens},
                      {"failures", device.failures},
                      {"audits", device.audits},
                      {"audit_mismatches", device.audit_mismatches},
                      {"busy_seconds", absl::ToDoubleSeconds(device.busy)},
                      {"busy_share", busy_share}};
  if (device.next_attempt.has_value()) {
    json["next_attempt"] = absl::FormatTime(*device.next_attempt, absl::UTCTimeZone());
  }
  if (device.temperature_celsius.has_value()) {
    json["temperature_celsius"] = *device.temperature_celsius;
  }
  return json;
}

}  // namespace

std::string DevicesTable(const DeviceList& list, const DeviceList* before) {
  Table table({{"name", Align::kLeft},
               {"kind", Align::kLeft},
               {"state", Align::kLeft},
               {"busy", Align::kRight},
               {"batches", Align::kRight},
               {"failures", Align::kRight},
               {"audits", Align::kRight},
               {"°C", Align::kRight},
               {"detail", Align::kLeft}});
  for (const DeviceInfo& device : list.devices) {
    table.AddRow({device.name, device.kind, device.state,
                  StrCat(FormatFixed(100 * BusyShare(device, list, before), 0), "%"),
                  WithThousands(device.batches), WithThousands(device.failures), Audits(device),
                  device.temperature_celsius ? FormatFixed(*device.temperature_celsius, 0) : "-",
                  Detail(device, list.time)});
  }
  return StrCat(table.ToString(), "arithmetic version ", list.arithmetic_version, "\n");
}

OrderedJson DevicesJson(const DeviceList& list, const DeviceList* before) {
  OrderedJson devices = OrderedJson::array();
  for (const DeviceInfo& device : list.devices) {
    devices.push_back(DeviceJson(device, BusyShare(device, list, before)));
  }
  return {{"time", absl::FormatTime(list.time, absl::UTCTimeZone())},
          {"counting_since", absl::FormatTime(list.counting_since, absl::UTCTimeZone())},
          {"arithmetic_version", list.arithmetic_version},
          {"devices", std::move(devices)}};
}

}  // namespace sta::client
