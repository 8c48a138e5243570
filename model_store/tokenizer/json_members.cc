// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/json_members.h"

#include <limits>

#include "model_store/tokenizer/utf8.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status WrongType(std::string_view key, std::string_view expected) {
  return absl::InvalidArgumentError(StrCat("key '", key, "' must be ", expected));
}

}  // namespace

const nlohmann::json* FindPresent(const nlohmann::json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

absl::StatusOr<bool> BoolOr(const nlohmann::json& object, std::string_view key, bool fallback) {
  const nlohmann::json* const member = FindPresent(object, key);
  if (member == nullptr) return fallback;
  if (!member->is_boolean()) return WrongType(key, "true or false");
  return member->get<bool>();
}

absl::StatusOr<std::string> StringOr(const nlohmann::json& object, std::string_view key,
                                     std::string_view fallback) {
  const nlohmann::json* const member = FindPresent(object, key);
  if (member == nullptr) return std::string(fallback);
  if (!member->is_string()) return WrongType(key, "a string");
  return member->get<std::string>();
}

absl::StatusOr<std::optional<int64_t>> TokenLimit(const nlohmann::json& object,
                                                  std::string_view key) {
  const nlohmann::json* const member = FindPresent(object, key);
  if (member == nullptr) return std::optional<int64_t>();
  if (!member->is_number()) return WrongType(key, "a number");
  const auto limit = member->get<double>();
  if (limit < 1) return WrongType(key, "at least 1");
  if (limit > std::numeric_limits<int32_t>::max()) return std::optional<int64_t>();
  return std::optional<int64_t>(static_cast<int64_t>(limit));
}

std::string TypeName(const nlohmann::json* component) {
  if (component == nullptr) return "none";
  const nlohmann::json* const type = FindPresent(*component, "type");
  if (type == nullptr || !type->is_string()) return "something without a type";
  return std::string(CutUtf8(type->get_ref<const std::string&>()));
}

}  // namespace sta
