// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/store_json.h"

#include <algorithm>

#include "model_store/json/strict_json.h"
#include "strings/str_cat.h"

namespace sta {

absl::Status CheckKeys(const nlohmann::json& json,
                       std::initializer_list<std::string_view> allowed) {
  if (!json.is_object()) return absl::InvalidArgumentError("not a JSON object");
  for (const auto& [key, value] : json.items()) {
    if (std::ranges::find(allowed, key) == allowed.end()) {
      return absl::InvalidArgumentError(StrCat("unknown key '", key.substr(0, 64), "'"));
    }
  }
  return absl::OkStatus();
}

std::string FormatStoreTime(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
}

absl::StatusOr<absl::Time> GetStoreTime(const nlohmann::json& object, std::string_view key) {
  const absl::StatusOr<std::string> text = GetString(object, key);
  if (!text.ok()) return text.status();
  absl::Time time;
  std::string error;
  // Abseil also takes its names of the times that never come.
  if (!absl::ParseTime(absl::RFC3339_full, *text, &time, &error) ||
      time == absl::InfiniteFuture() || time == absl::InfinitePast()) {
    return absl::InvalidArgumentError(StrCat("key '", key, "' is no RFC 3339 time"));
  }
  return time;
}

bool IsSha256Hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

absl::StatusOr<std::string> GetSha256(const nlohmann::json& object, std::string_view key) {
  absl::StatusOr<std::string> text = GetString(object, key);
  if (text.ok() && !IsSha256Hex(*text)) {
    return absl::InvalidArgumentError(StrCat("key '", key, "' is no SHA-256"));
  }
  return text;
}

absl::StatusOr<std::string> FormatStoreJson(const nlohmann::json& json) {
  try {
    return json.dump(1) + "\n";
  } catch (const nlohmann::json::exception&) {
    return absl::InvalidArgumentError("text that is not valid UTF-8");
  }
}

}  // namespace sta
