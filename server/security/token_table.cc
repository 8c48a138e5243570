// SPDX-License-Identifier: Apache-2.0
#include "server/security/token_table.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr size_t kMostLines = 1024;
constexpr size_t kLongestName = 64;
constexpr size_t kLongestCertificateName = 256;
constexpr std::string_view kForm = "NAME ROLES sha256:HEX|cert:SUBJECT [until:TIME]";

absl::Status CheckName(std::string_view name) {
  // Without ':', so that a name in a log is never an address.
  const bool is_sound = name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
                          return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
                                 c == '_' || c == '-';
                        });
  if (is_sound) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat(
      "the name has other characters than letters, digits and ._-, or more than ", kLongestName));
}

absl::StatusOr<absl::Time> ParseUntil(absl::string_view field) {
  constexpr absl::string_view kPrefix = "until:";
  absl::Time until;
  std::string error;
  if (!absl::StartsWith(field, kPrefix) ||
      !absl::ParseTime(absl::RFC3339_full, field.substr(kPrefix.size()), &until, &error) ||
      until == absl::InfiniteFuture() || until == absl::InfinitePast()) {  // Abseil has words
    return absl::InvalidArgumentError(
        "the fourth field is not a time such as until:2027-06-30T00:00:00Z");
  }
  return until;
}

template <typename Hash>
std::optional<Hash> ParseHash(absl::string_view hex) {
  Hash hash;
  const bool is_hex = hex.size() == 2 * hash.size() && std::ranges::all_of(hex, [](char c) {
                        return absl::ascii_isxdigit(static_cast<unsigned char>(c));
                      });
  if (!is_hex) return std::nullopt;
  const std::string bytes = absl::HexStringToBytes(hex);
  std::ranges::copy(bytes, hash.begin());
  return hash;
}

}  // namespace

absl::StatusOr<TokenTable> TokenTable::Parse(std::string_view text) {
  TokenTable table;
  int number = 0;
  for (const absl::string_view raw : absl::StrSplit(AbslView(text), '\n')) {
    ++number;
    const absl::string_view line = absl::StripAsciiWhitespace(raw);
    if (line.empty() || line.front() == '#') continue;
    if (table.size() == kMostLines) {
      return absl::InvalidArgumentError(
          StrCat("line ", number, ": more than ", kMostLines, " tokens"));
    }
    if (const absl::Status status = table.AddLine(StdView(line)); !status.ok()) {
      return absl::InvalidArgumentError(StrCat("line ", number, ": ", status.message()));
    }
  }
  if (table.size() == 0) return absl::InvalidArgumentError("there is no token in it");
  return table;
}

absl::Status TokenTable::AddLine(std::string_view line) {
  constexpr absl::string_view kSha256 = "sha256:";
  constexpr absl::string_view kCertificate = "cert:";
  const std::vector<absl::string_view> fields =
      absl::StrSplit(AbslView(line), absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (fields.size() < 3 || fields.size() > 4) {
    return absl::InvalidArgumentError(StrCat("has ", fields.size(), " fields, not ", kForm));
  }
  Entry entry{.caller = {.name = std::string(fields[0])}};
  if (absl::Status status = CheckName(entry.caller.name); !status.ok()) return status;
  const absl::StatusOr<RoleSet> roles = ParseRoles(StdView(fields[1]));
  if (!roles.ok()) return roles.status();
  entry.caller.roles = *roles;
  if (fields.size() == 4) {
    const absl::StatusOr<absl::Time> until = ParseUntil(fields[3]);
    if (!until.ok()) return until.status();
    entry.until = *until;
  }
  const absl::string_view credential = fields[2];
  if (absl::StartsWith(credential, kCertificate) && credential.size() > kCertificate.size() &&
      credential.size() <= kCertificate.size() + kLongestCertificateName) {
    entry.certificate = std::string(credential.substr(kCertificate.size()));
    certificates_.push_back(std::move(entry));
    return absl::OkStatus();
  }
  std::optional<Hash> hash;
  if (absl::StartsWith(credential, kSha256)) {
    hash = ParseHash<Hash>(credential.substr(kSha256.size()));
  }
  if (!hash.has_value()) {
    // Not repeated: it may be a token that was put here by mistake.
    return absl::InvalidArgumentError(
        "the third field is neither sha256: with 64 hexadecimal digits nor cert: with a name of a "
        "certificate");
  }
  entry.hash = *hash;
  if (std::ranges::any_of(tokens_, [&](const Entry& e) { return e.hash == entry.hash; })) {
    return absl::InvalidArgumentError("has the token of an earlier line");
  }
  tokens_.push_back(std::move(entry));
  return absl::OkStatus();
}

const Caller* TokenTable::FindToken(std::string_view token, absl::Time now) const {
  Hash hash{};
  unsigned int size = 0;
  EVP_Digest(token.data(), token.size(), hash.data(), &size, EVP_sha256(), nullptr);
  const Entry* found = nullptr;
  for (const Entry& entry : tokens_) {  // all of them, always
    const bool is_same = CRYPTO_memcmp(entry.hash.data(), hash.data(), hash.size()) == 0;
    if (is_same && now < entry.until) found = &entry;
  }
  return found == nullptr ? nullptr : &found->caller;
}

const Caller* TokenTable::FindCertificate(std::span<const std::string> names,
                                          absl::Time now) const {
  for (const Entry& entry : certificates_) {
    if (now < entry.until && std::ranges::find(names, entry.certificate) != names.end()) {
      return &entry.caller;
    }
  }
  return nullptr;
}

}  // namespace sta
