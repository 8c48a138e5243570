// SPDX-License-Identifier: Apache-2.0
#include "server/security/role.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_split.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr std::array kRoles = {Role::kInfer, Role::kUpload, Role::kAdmin};

}  // namespace

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kInfer:
      return "infer";
    case Role::kUpload:
      return "upload";
    case Role::kAdmin:
      break;
  }
  return "admin";
}

absl::StatusOr<RoleSet> ParseRoles(std::string_view text) {
  RoleSet roles;
  for (const absl::string_view name : absl::StrSplit(AbslView(text), ',')) {
    const auto* const role =
        std::ranges::find_if(kRoles, [&](Role r) { return RoleName(r) == StdView(name); });
    if (role == kRoles.end()) {
      return absl::InvalidArgumentError(
          StrCat("'", name, "' is not a role; allowed: infer, upload, admin, with commas between"));
    }
    roles.Add(*role);
  }
  return roles;
}

std::string FormatRoles(RoleSet roles) {
  std::string text;
  for (const Role role : kRoles) {
    if (roles.Has(role)) StrAppend(&text, text.empty() ? "" : ",", RoleName(role));
  }
  return text;
}

}  // namespace sta
