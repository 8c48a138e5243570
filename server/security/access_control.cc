// SPDX-License-Identifier: Apache-2.0
#include "server/security/access_control.h"

#include <utility>

#include "absl/strings/match.h"
#include "server/security/peer.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr std::string_view kScheme = "bearer ";

bool IsWrite(const RpcRule& rule, const CallOrigin& origin) {
  return rule.writes == Writes::kAlways ||
         (rule.writes == Writes::kWithSettings && origin.has_settings);
}

Need NeedOf(const RpcRule& rule, const CallOrigin& origin) {
  return rule.writes == Writes::kWithSettings && origin.has_settings ? Need::kAdmin : rule.need;
}

absl::Status CheckRoles(const Caller& caller, Need need, std::string_view method) {
  Role role = Role::kAdmin;
  switch (need) {
    case Need::kNothing:
    case Need::kToken:
      return absl::OkStatus();
    case Need::kInfer:
      role = Role::kInfer;
      break;
    case Need::kUpload:
      role = Role::kUpload;
      break;
    case Need::kAdmin:
      break;
  }
  if (caller.roles.Has(role)) return absl::OkStatus();
  return absl::PermissionDeniedError(StrCat(method, " needs the role ", RoleName(role), "; '",
                                            caller.name, "' has ", FormatRoles(caller.roles)));
}

}  // namespace

void AccessControl::SetTokens(std::shared_ptr<const TokenTable> tokens) {
  const absl::MutexLock lock(&mutex_);
  tokens_ = std::move(tokens);
}

std::shared_ptr<const TokenTable> AccessControl::tokens() const {
  const absl::ReaderMutexLock lock(&mutex_);
  return tokens_;
}

absl::Status AccessControl::Check(const RpcRule& rule, const CallOrigin& origin,
                                  absl::Time now) const {
  if (!has_tokens_) {
    if (!IsWrite(rule, origin) || IsLocalPeer(origin.peer)) return absl::OkStatus();
    return absl::PermissionDeniedError(
        StrCat(rule.method,
               " changes the server, which this one lets only its own host do, over loopback or a "
               "Unix socket; to allow it from elsewhere start the server with --tokens FILE "
               "('stactl token new' makes its lines) and --tls-cert"));
  }
  const Need need = NeedOf(rule, origin);
  if (need == Need::kNothing) return absl::OkStatus();
  const absl::StatusOr<Caller> caller = FindCaller(*tokens(), origin, now);
  return caller.ok() ? CheckRoles(*caller, need, rule.method) : caller.status();
}

std::string AccessControl::NameOf(const CallOrigin& origin, absl::Time now) const {
  if (has_tokens_) {
    absl::StatusOr<Caller> caller = FindCaller(*tokens(), origin, now);
    if (caller.ok()) return std::move(caller->name);
  }
  return ClientOf(origin.peer);
}

// A token that is wrong is not made good by a certificate.
absl::StatusOr<Caller> AccessControl::FindCaller(const TokenTable& tokens, const CallOrigin& origin,
                                                 absl::Time now) {
  if (origin.authorization.empty()) {
    const Caller* caller = tokens.FindCertificate(origin.certificate_names, now);
    if (caller != nullptr) return *caller;
    return absl::UnauthenticatedError(
        origin.certificate_names.empty()
            ? "this server needs a token: send the metadata 'authorization: Bearer TOKEN' (stactl: "
              "--token-file, or STA_TOKEN)"
            : "no name of the client's certificate is among the server's tokens");
  }
  std::string_view header = origin.authorization.front();
  if (origin.authorization.size() > 1 ||
      !absl::StartsWithIgnoreCase(AbslView(header), AbslView(kScheme))) {
    return absl::UnauthenticatedError("authorization: is not one 'Bearer TOKEN'");
  }
  header.remove_prefix(kScheme.size());
  const Caller* caller = tokens.FindToken(header, now);
  if (caller != nullptr) return *caller;
  return absl::UnauthenticatedError("the token is not known here, or has expired");
}

}  // namespace sta
