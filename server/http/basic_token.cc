// SPDX-License-Identifier: Apache-2.0
#include "server/http/basic_token.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr std::string_view kBasic = "basic ";

}  // namespace

std::string BearerOfBasic(std::string_view authorization) {
  if (!absl::StartsWithIgnoreCase(AbslView(authorization), AbslView(kBasic))) return "";
  std::string pair;
  if (!absl::Base64Unescape(AbslView(authorization.substr(kBasic.size())), &pair)) return "";
  const size_t colon = pair.find(':');  // names have none
  return colon == std::string::npos ? "" : StrCat("Bearer ", pair.substr(colon + 1));
}

}  // namespace sta
