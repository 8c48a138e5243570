// SPDX-License-Identifier: Apache-2.0
//
// TokenTable: who may come, as a file says it. One line each:
//
//   # NAME   ROLES           CREDENTIAL                [until:TIME]
//   web      infer           sha256:9f86d081884c7d65... until:2027-06-30T00:00:00Z
//   deploy   upload,admin    cert:deploy.example.org
//
// A credential is the SHA-256 of a token, so that the file gives no token away, or a name in a
// client's certificate. A name may have several lines: an old token beside a new one. Tokens are
// random and long (`stactl token new` makes them), hence need no slow hash.
//
//   absl::StatusOr<TokenTable> table = TokenTable::Parse(text);
//   if (const Caller* caller = table->FindToken(token, absl::Now())) ...
//
// Immutable; thread-safe.
#ifndef SERVER_SECURITY_TOKEN_TABLE_H_
#define SERVER_SECURITY_TOKEN_TABLE_H_

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/security/role.h"

namespace sta {

struct Caller {
  std::string name;
  RoleSet roles;
};

class TokenTable {
 public:
  // INVALID_ARGUMENT names the line and what is wrong there, never a credential. A text without a
  // line is refused, too: it would lock everybody out.
  static absl::StatusOr<TokenTable> Parse(std::string_view text);

  // Null: unknown, or expired. Takes as long for every token, whatever it has in common with one
  // that is known. The caller lives as long as the table.
  const Caller* FindToken(std::string_view token, absl::Time now) const;

  // `names` are those of a certificate that was verified.
  const Caller* FindCertificate(std::span<const std::string> names, absl::Time now) const;

  size_t size() const { return tokens_.size() + certificates_.size(); }

 private:
  using Hash = std::array<unsigned char, 32>;
  struct Entry {
    Caller caller;
    absl::Time until = absl::InfiniteFuture();
    Hash hash = {};
    std::string certificate = {};
  };

  absl::Status AddLine(std::string_view line);

  std::vector<Entry> tokens_;
  std::vector<Entry> certificates_;
};

}  // namespace sta

#endif  // SERVER_SECURITY_TOKEN_TABLE_H_
