// SPDX-License-Identifier: Apache-2.0
//
// AuditLog: one log line for each call that changes something, or was not let to: who called, from
// where, what, and how it ended. Which calls these are says server/security/rpc_rules.h.
//
//   interceptors.push_back(std::make_unique<AuditLog>(access, clock, LogAuditRecord));
//
// It sits between gRPC and the services, which do nothing for it. Refused calls, which cost a
// stranger nothing, are logged at most kMostRefusals times a second; the next line says how many
// were left out. Thread-safe.
#ifndef SERVER_SERVICES_AUDIT_LOG_H_
#define SERVER_SERVICES_AUDIT_LOG_H_

#include <grpcpp/support/server_interceptor.h>

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "server/services/rpc_access.h"

namespace sta {

struct AuditRecord {
  std::string rpc;         // "sta.v1.ModelStore/DeleteVersion"
  std::string caller;      // the name of a token, or an address without its port
  std::string peer;        // where from
  nlohmann::json request;  // what names the thing that is changed: {"name": "m", "version": "3"}
  std::string code;        // "OK", "NOT_FOUND", ...
  std::string reason;      // of what failed
  std::string trace_id;    // of the caller's trace; empty: none
  int64_t left_out = 0;    // refused calls before this one that have no line
};

// Writes the record to the server's log, whatever its level.
void LogAuditRecord(const AuditRecord& record);

class AuditLog final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  static constexpr int kMostRefusals = 20;

  using Sink = std::function<void(const AuditRecord&)>;

  // `access` and `clock` outlive the server. `sink` is called from gRPC's threads, of which it may
  // not keep any for long.
  AuditLog(const RpcAccess& access, Clock& clock, Sink sink)
      : access_(access), clock_(clock), sink_(std::move(sink)) {}

  // Null for a call that changes nothing.
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override;

 private:
  class Call;

  void Write(AuditRecord record, bool is_refusal);
  // How many refusals were left out before this one; nothing: this one is, too.
  std::optional<int64_t> AdmitRefusal(absl::Time now);

  const RpcAccess& access_;
  Clock& clock_;
  const Sink sink_;
  absl::Mutex mutex_;
  absl::Time second_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  int refusals_ ABSL_GUARDED_BY(mutex_) = 0;  // logged in this second
  int64_t left_out_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sta

#endif  // SERVER_SERVICES_AUDIT_LOG_H_
