// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/xclbin/array_json.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/status/status.h"
#include "accel/xrt/xclbin/card_config_fields.h"
#include "model_store/json/strict_json.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr int64_t kMaxBytes = int64_t{1} << 16;  // bitstreams have more
constexpr const char* kVersionKey = "sta_virtual_card";
constexpr int64_t kVersion = 1;
constexpr const char* kConfigKey = "config";

absl::StatusOr<card::CardConfig> ReadConfig(const nlohmann::json& json) {
  const auto fields = json.find(kConfigKey);
  if (fields == json.end() || !fields->is_object()) {
    return absl::InvalidArgumentError(StrCat("key '", kConfigKey, "' must be an object"));
  }
  card::CardConfig config;
  for (const CardConfigField& field : kCardConfigFields) {
    const absl::StatusOr<int64_t> number =
        GetInteger(*fields, field.name, 1, std::numeric_limits<int32_t>::max());
    if (!number.ok()) return number.status();
    config.*field.member = *number;
  }
  if (absl::Status status = config.Validate(); !status.ok()) return status;
  return config;
}

}  // namespace

absl::StatusOr<std::optional<card::CardConfig>> ReadArrayJson(std::span<const uint8_t> section) {
  const std::string_view text(reinterpret_cast<const char*>(section.data()), section.size());
  if (std::ssize(text) > kMaxBytes || !text.starts_with('{')) return std::nullopt;
  const absl::StatusOr<nlohmann::json> json = ParseStrictJson(text, {.max_bytes = kMaxBytes});
  if (!json.ok()) return json.status();
  const absl::StatusOr<int64_t> version = GetInteger(*json, kVersionKey, kVersion, kVersion);
  if (!version.ok()) return version.status();
  const absl::StatusOr<card::CardConfig> config = ReadConfig(*json);
  if (!config.ok()) return config.status();
  return *config;
}

std::string WriteArrayJson(const card::CardConfig& array) {
  nlohmann::ordered_json config;
  for (const CardConfigField& field : kCardConfigFields) config[field.name] = array.*field.member;
  return nlohmann::ordered_json{{kVersionKey, kVersion}, {kConfigKey, config}}.dump();
}

}  // namespace sta
