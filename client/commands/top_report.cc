// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <optional>
#include <string>

#include "client/commands/top.h"
#include "client/commands/top_rates.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

constexpr size_t kMaxReasonWidth = 60;

// "12.3"; whole numbers from 100 on.
std::string Rate(double per_second) {
  return per_second < 99.95 ? FormatFixed(per_second, 1) : WithThousands(std::lround(per_second));
}

std::string InMilliseconds(std::optional<absl::Duration> time) {
  return time.has_value() ? FormatFixed(absl::ToDoubleMilliseconds(*time), 2) : "-";
}

std::string StateText(const std::string& state, const std::string& reason) {
  return reason.empty() ? state : StrCat(state, ": ", Shorten(reason, kMaxReasonWidth));
}

std::string ModelsTable(const TopView& now, const TopView* before, bool shows_all) {
  Table table({{"model", Align::kLeft},
               {"version", Align::kRight},
               {"requests/s", Align::kRight},
               {"errors/s", Align::kRight},
               {"rows/s", Align::kRight},
               {"ms", Align::kRight},
               {"p50", Align::kRight},
               {"p99", Align::kRight},
               {"queue ms", Align::kRight},
               {"device ms", Align::kRight},
               {"queued", Align::kRight},
               {"tokens", Align::kRight},
               {"state", Align::kLeft}});
  for (const ModelVersion& version : now.models) {
    if (version.state == "UNLOADED" && !shows_all) continue;
    std::vector<std::string> cells = {version.name,
                                      StrCat(version.is_default ? "*" : "", version.version)};
    if (const std::optional<ModelRates> rates = RatesOf(version, now, before)) {
      cells.insert(cells.end(), {Rate(rates->requests), Rate(rates->errors), Rate(rates->rows),
                                 InMilliseconds(rates->latency), InMilliseconds(rates->p50),
                                 InMilliseconds(rates->p99), InMilliseconds(rates->queue),
                                 InMilliseconds(rates->compute)});
    } else {
      cells.insert(cells.end(), 8, "-");
    }
    if (const std::optional<QueueDepth> queue = QueueOf(version, now)) {
      cells.insert(cells.end(), {WithThousands(queue->requests), WithThousands(queue->tokens)});
    } else {
      cells.insert(cells.end(), 2, "-");
    }
    cells.push_back(StateText(version.state, version.reason));
    table.AddRow(std::move(cells));
  }
  return table.ToString();
}

std::string DevicesRatesTable(const TopView& now, const TopView* before) {
  Table table({{"device", Align::kLeft},
               {"busy", Align::kRight},
               {"tokens/s", Align::kRight},
               {"batches/s", Align::kRight},
               {"in flight", Align::kRight},
               {"failures", Align::kRight},
               {"state", Align::kLeft}});
  for (const DeviceInfo& device : now.devices.devices) {
    std::vector<std::string> cells = {device.name};
    if (const std::optional<DeviceRates> rates = RatesOf(device, now, before)) {
      cells.insert(cells.end(), {StrCat(FormatFixed(100 * rates->busy_share, 0), "%"),
                                 Rate(rates->tokens), Rate(rates->batches)});
    } else {
      cells.insert(cells.end(), 3, "-");
    }
    const bool is_ready = device.state == "READY";
    cells.insert(cells.end(), {StrCat(device.in_flight), WithThousands(device.failures),
                               StateText(device.state, is_ready ? "" : device.reason)});
    table.AddRow(std::move(cells));
  }
  return table.ToString();
}

OrderedJson MillisecondsJson(std::optional<absl::Duration> time) {
  return time.has_value() ? OrderedJson(absl::ToDoubleMilliseconds(*time)) : OrderedJson();
}

OrderedJson ModelJson(const ModelVersion& version, const std::optional<ModelRates>& rates,
                      const std::optional<QueueDepth>& queue) {
  OrderedJson json = {{"name", version.name},
                      {"version", version.version},
                      {"is_default", version.is_default},
                      {"state", version.state},
                      {"reason", version.reason}};
  const bool known = rates.has_value();
  json["requests_per_second"] = known ? OrderedJson(rates->requests) : OrderedJson();
  json["errors_per_second"] = known ? OrderedJson(rates->errors) : OrderedJson();
  json["rows_per_second"] = known ? OrderedJson(rates->rows) : OrderedJson();
  json["mean_ms"] = MillisecondsJson(known ? rates->latency : std::nullopt);
  json["p50_ms"] = MillisecondsJson(known ? rates->p50 : std::nullopt);
  json["p99_ms"] = MillisecondsJson(known ? rates->p99 : std::nullopt);
  json["mean_queue_ms"] = MillisecondsJson(known ? rates->queue : std::nullopt);
  json["mean_device_ms"] = MillisecondsJson(known ? rates->compute : std::nullopt);
  json["queued_requests"] = queue.has_value() ? OrderedJson(queue->requests) : OrderedJson();
  json["queued_tokens"] = queue.has_value() ? OrderedJson(queue->tokens) : OrderedJson();
  return json;
}

OrderedJson DeviceRatesJson(const DeviceInfo& device, const std::optional<DeviceRates>& rates) {
  OrderedJson json = {{"name", device.name},
                      {"state", device.state},
                      {"reason", device.reason},
                      {"in_flight", device.in_flight},
                      {"failures", device.failures}};
  const bool known = rates.has_value();
  json["busy_share"] = known ? OrderedJson(rates->busy_share) : OrderedJson();
  json["tokens_per_second"] = known ? OrderedJson(rates->tokens) : OrderedJson();
  json["batches_per_second"] = known ? OrderedJson(rates->batches) : OrderedJson();
  return json;
}

}  // namespace

std::string TopTable(const std::string& server, const TopView& now, const TopView* before,
                     bool shows_all) {
  const absl::Time time = now.devices.time;
  return StrCat(
      server, "  ", absl::FormatTime("%H:%M:%S", time, absl::LocalTimeZone()), "  up ",
      absl::FormatDuration(absl::Floor(time - now.devices.counting_since, absl::Seconds(1))),
      "\n\n", ModelsTable(now, before, shows_all), "\n", DevicesRatesTable(now, before));
}

OrderedJson TopJson(const TopView& now, const TopView* before) {
  OrderedJson models = OrderedJson::array();
  for (const ModelVersion& version : now.models) {
    models.push_back(ModelJson(version, RatesOf(version, now, before), QueueOf(version, now)));
  }
  OrderedJson devices = OrderedJson::array();
  for (const DeviceInfo& device : now.devices.devices) {
    devices.push_back(DeviceRatesJson(device, RatesOf(device, now, before)));
  }
  return {{"time", absl::FormatTime(now.devices.time, absl::UTCTimeZone())},
          {"models", std::move(models)},
          {"devices", std::move(devices)}};
}

}  // namespace sta::client
