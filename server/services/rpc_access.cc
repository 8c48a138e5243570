// SPDX-License-Identifier: Apache-2.0
#include "server/services/rpc_access.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>

#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "server/security/peer.h"

namespace sta {
namespace {

constexpr const char* kAuthorization = "authorization";

std::string_view StringView(grpc::string_ref text) { return {text.data(), text.size()}; }

std::vector<std::string> CertificateNames(const grpc::ServerContextBase& context) {
  std::vector<std::string> names;
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) return names;
  for (const char* property : {GRPC_X509_CN_PROPERTY_NAME, GRPC_X509_SAN_PROPERTY_NAME}) {
    for (const grpc::string_ref& value : auth->FindPropertyValues(property)) {
      names.emplace_back(value.data(), value.size());
    }
  }
  return names;
}

}  // namespace

CallOrigin OriginOf(const grpc::ServerContextBase& context) {
  CallOrigin origin{.peer = context.peer()};
  const auto [begin, end] = context.client_metadata().equal_range(kAuthorization);
  for (auto header = begin; header != end; ++header) {
    origin.authorization.push_back(StringView(header->second));
  }
  if (origin.authorization.empty()) origin.certificate_names = CertificateNames(context);
  return origin;
}

absl::Status RpcAccess::Check(const grpc::CallbackServerContext& context, const RpcRule& rule,
                              bool has_settings) const {
  // What anybody may do costs nothing.
  const bool is_read = rule.writes == Writes::kNever;
  if (is_read && (rule.need == Need::kNothing || !control_.has_tokens())) return absl::OkStatus();
  CallOrigin origin = OriginOf(context);
  origin.has_settings = has_settings;
  const absl::Status status = control_.Check(rule, origin, absl::Now());
  if (!status.ok()) {
    metrics_.CountRequest("", 0, rule.method, status.code(), absl::ZeroDuration());
  }
  return status;
}

std::string RpcAccess::NameOf(const grpc::ServerContextBase& context) const {
  if (!control_.has_tokens()) return ClientOf(context.peer());
  return control_.NameOf(OriginOf(context), absl::Now());
}

}  // namespace sta
