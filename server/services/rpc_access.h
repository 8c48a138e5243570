// SPDX-License-Identifier: Apache-2.0
//
// RpcAccess: the check that every method begins with, whether its caller may call it.
//
//   if (auto* refused = access_.Refuse(context, RuleOf("DeleteVersion"))) return refused;
//   if (auto* refused = access_.Refuse<grpc::ServerWriteReactor<v1::ExportResponse>>(
//           context, RuleOf("Export"))) {
//     return refused;
//   }
//
// The rules are server/security/rpc_rules.h. Thread-safe; no call blocks.
#ifndef SERVER_SERVICES_RPC_ACCESS_H_
#define SERVER_SERVICES_RPC_ACCESS_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <string>

#include "absl/status/status.h"
#include "server/observability/metrics.h"
#include "server/security/access_control.h"
#include "server/security/rpc_rules.h"
#include "server/services/status_mapping.h"

namespace sta {

// What a call shows for itself. The views live as long as the context.
CallOrigin OriginOf(const grpc::ServerContextBase& context);

class RpcAccess {
 public:
  // Both outlive this.
  RpcAccess(const AccessControl& control, Metrics& metrics)
      : control_(control), metrics_(metrics) {}

  // Null: it may. Otherwise the reactor that ends the call with UNAUTHENTICATED or
  // PERMISSION_DENIED, which the method returns. `has_settings` is for Writes::kWithSettings.
  template <typename Reactor = grpc::ServerUnaryReactor>
  Reactor* Refuse(const grpc::CallbackServerContext* context, const RpcRule& rule,
                  bool has_settings = false) const {
    const absl::Status status = Check(*context, rule, has_settings);
    return status.ok() ? nullptr : new RefusedCall<Reactor>(status);
  }

  // Who calls: the name of a token, or an address without its port.
  std::string NameOf(const grpc::ServerContextBase& context) const;

 private:
  // A call that ends where it begins.
  template <typename Reactor>
  class RefusedCall final : public Reactor {
   public:
    explicit RefusedCall(const absl::Status& status) { this->Finish(ToGrpcStatus(status)); }
    void OnDone() override { delete this; }
  };

  absl::Status Check(const grpc::CallbackServerContext& context, const RpcRule& rule,
                     bool has_settings) const;

  const AccessControl& control_;
  Metrics& metrics_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_RPC_ACCESS_H_
