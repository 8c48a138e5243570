// SPDX-License-Identifier: Apache-2.0
//
// Strict JSON for files that somebody else may have written: duplicate keys, deep nesting and
// oversized documents are errors, and no exception leaves. The depth is checked while parsing, so
// a hostile document cannot exhaust the stack.
//
//   auto json = ParseStrictJson(text, {.max_bytes = 1 << 20});
//   auto hidden = GetInteger(*json, "hidden_size", 1, 4096);   // names the key in its error
//
// Pure functions; thread-safe.
#ifndef MODEL_STORE_JSON_STRICT_JSON_H_
#define MODEL_STORE_JSON_STRICT_JSON_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sta {

struct JsonLimits {
  int64_t max_bytes = int64_t{64} << 20;
  int max_depth = 32;
};

// INVALID_ARGUMENT: not JSON (the byte is named), a key twice in one object, or over a limit.
absl::StatusOr<nlohmann::json> ParseStrictJson(std::string_view text,
                                               const JsonLimits& limits = {});

// Members of an object. INVALID_ARGUMENT names the key where it is missing, has another type or is
// out of range; the text says what is allowed.
absl::StatusOr<int64_t> GetInteger(const nlohmann::json& object, std::string_view key,
                                   int64_t lowest, int64_t highest);
absl::StatusOr<double> GetNumber(const nlohmann::json& object, std::string_view key);
absl::StatusOr<std::string> GetString(const nlohmann::json& object, std::string_view key);
absl::StatusOr<bool> GetBool(const nlohmann::json& object, std::string_view key);

}  // namespace sta

#endif  // MODEL_STORE_JSON_STRICT_JSON_H_
