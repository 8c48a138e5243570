// SPDX-License-Identifier: Apache-2.0
//
// Roles: what the holder of a token may do. None of them implies another.
//
//   absl::StatusOr<RoleSet> roles = ParseRoles("infer,upload");
//   if (roles->Has(Role::kUpload)) ...
//
// Values and pure functions.
#ifndef SERVER_SECURITY_ROLE_H_
#define SERVER_SECURITY_ROLE_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sta {

enum class Role : uint8_t {
  kInfer = 1,   // ask models
  kUpload = 2,  // bring packages into the store and take copies out
  kAdmin = 4,   // change what is served, and by what
};

class RoleSet {
 public:
  constexpr RoleSet() = default;
  constexpr RoleSet(std::initializer_list<Role> roles) {
    for (const Role role : roles) Add(role);
  }

  constexpr void Add(Role role) {
    bits_ = static_cast<uint8_t>(bits_ | static_cast<uint8_t>(role));
  }
  constexpr bool Has(Role role) const { return (bits_ & static_cast<uint8_t>(role)) != 0; }
  constexpr bool IsEmpty() const { return bits_ == 0; }

  friend bool operator==(RoleSet, RoleSet) = default;

 private:
  uint8_t bits_ = 0;
};

// "infer", "upload", "admin".
std::string_view RoleName(Role role);

// One or more names with commas between. INVALID_ARGUMENT lists the names that there are.
absl::StatusOr<RoleSet> ParseRoles(std::string_view text);
// The text that ParseRoles reads back.
std::string FormatRoles(RoleSet roles);

}  // namespace sta

#endif  // SERVER_SECURITY_ROLE_H_
