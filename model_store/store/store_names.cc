// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/store_names.h"

#include "absl/strings/numbers.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr size_t kLongestName = 128;

bool IsLetter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

}  // namespace

bool IsModelName(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= kLongestName && name.front() != '.' &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool IsAliasName(std::string_view name) { return IsModelName(name) && IsLetter(name.front()); }

std::optional<int64_t> ParseVersionNumber(std::string_view text) {
  int64_t version = 0;
  const bool is_version = absl::SimpleAtoi(AbslView(text), &version) && version > 0 &&
                          version <= kMaxVersion && StrCat(version) == text;
  return is_version ? std::optional(version) : std::nullopt;
}

}  // namespace sta
