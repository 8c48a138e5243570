// SPDX-License-Identifier: Apache-2.0
//
// What the store's JSON files have in common. Pure functions.
#ifndef MODEL_STORE_STORE_STORE_JSON_H_
#define MODEL_STORE_STORE_STORE_JSON_H_

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sta {

// INVALID_ARGUMENT where `json` is no object, or has a key that is not allowed.
absl::Status CheckKeys(const nlohmann::json& json, std::initializer_list<std::string_view> allowed);

// A time as RFC 3339 in UTC.
std::string FormatStoreTime(absl::Time time);
absl::StatusOr<absl::Time> GetStoreTime(const nlohmann::json& object, std::string_view key);

// A SHA-256: 64 lower-case hexadecimal digits.
absl::StatusOr<std::string> GetSha256(const nlohmann::json& object, std::string_view key);
bool IsSha256Hex(std::string_view text);

// INVALID_ARGUMENT where a text is not valid UTF-8.
absl::StatusOr<std::string> FormatStoreJson(const nlohmann::json& json);

}  // namespace sta

#endif  // MODEL_STORE_STORE_STORE_JSON_H_
