// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/thermal_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/numbers.h"

namespace sta {
namespace {

// XRT writes numbers and truth values as strings.
std::string TextOf(const nlohmann::json& sensor, const char* key) {
  const auto value = sensor.find(key);
  if (value == sensor.end()) return "";
  return value->is_string() ? value->get<std::string>() : value->dump();
}

}  // namespace

std::optional<double> HottestCelsius(std::string_view json) {
  const nlohmann::json root = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return std::nullopt;
  const auto sensors = root.find("thermals");
  if (sensors == root.end() || !sensors->is_array()) return std::nullopt;
  std::optional<double> hottest;
  for (const nlohmann::json& sensor : *sensors) {
    if (!sensor.is_object() || TextOf(sensor, "is_present") == "false") continue;
    double celsius = 0;
    if (!absl::SimpleAtod(TextOf(sensor, "temp_C"), &celsius)) continue;
    hottest = std::max(hottest.value_or(celsius), celsius);
  }
  return hottest;
}

}  // namespace sta
