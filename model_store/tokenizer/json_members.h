// SPDX-License-Identifier: Apache-2.0
//
// Members that tokenizer files may leave out.
//
//   auto lowercase = BoolOr(normalizer, "lowercase", true);   // INVALID_ARGUMENT if not a bool
//
// A null counts as left out. Pure functions; thread-safe.
#ifndef MODEL_STORE_TOKENIZER_JSON_MEMBERS_H_
#define MODEL_STORE_TOKENIZER_JSON_MEMBERS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sta {

// nullptr where `object` is no object, has no `key` or has null there.
const nlohmann::json* FindPresent(const nlohmann::json& object, std::string_view key);

absl::StatusOr<bool> BoolOr(const nlohmann::json& object, std::string_view key, bool fallback);
absl::StatusOr<std::string> StringOr(const nlohmann::json& object, std::string_view key,
                                     std::string_view fallback);

// A length limit in tokens: nullopt where it is left out or over 2^31 - 1 (the library writes 1e30
// for "no limit"). INVALID_ARGUMENT: not a number, or below 1.
absl::StatusOr<std::optional<int64_t>> TokenLimit(const nlohmann::json& object,
                                                  std::string_view key);

// What a message calls a component: its "type", or "none", or "something without a type".
std::string TypeName(const nlohmann::json* component);

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_JSON_MEMBERS_H_
