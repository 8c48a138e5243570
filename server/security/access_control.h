// SPDX-License-Identifier: Apache-2.0
//
// AccessControl: whether a call may be made, by its row of the rules (rpc_rules.h), by where it
// comes from and by what it has to show for itself.
//
// Without tokens everybody may read, and write from this host: over loopback or a Unix socket.
// With tokens every call needs one that has the role, wherever it comes from, probes apart.
//
//   AccessControl access(table);                          // or without: AccessControl access;
//   absl::Status status = access.Check(RuleOf("SetAlias"), origin, absl::Now());
//   access.SetTokens(newer_table);                        // for calls from now on
//
// Thread-safe; no call blocks for long.
#ifndef SERVER_SECURITY_ACCESS_CONTROL_H_
#define SERVER_SECURITY_ACCESS_CONTROL_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/security/rpc_rules.h"
#include "server/security/token_table.h"

namespace sta {

// Where a call comes from.
struct CallOrigin {
  std::string peer;                                  // as gRPC names it
  std::vector<std::string_view> authorization = {};  // values of that header
  std::vector<std::string> certificate_names = {};   // of a certificate that was verified
  // Of an RPC that Writes::kWithSettings: whether this one does.
  bool has_settings = false;
};

class AccessControl {
 public:
  // Null: there are none, for ever.
  explicit AccessControl(std::shared_ptr<const TokenTable> tokens = nullptr)
      : has_tokens_(tokens != nullptr), tokens_(std::move(tokens)) {}

  bool has_tokens() const { return has_tokens_; }

  // Not null, and only where there were tokens before.
  void SetTokens(std::shared_ptr<const TokenTable> tokens);

  // UNAUTHENTICATED: no token, or one that is not known; PERMISSION_DENIED: not with this one, or
  // not from there. Both say what to do.
  absl::Status Check(const RpcRule& rule, const CallOrigin& origin, absl::Time now) const;

  // Who calls: the name of the token or, where none is needed or known, the address without port.
  std::string NameOf(const CallOrigin& origin, absl::Time now) const;

 private:
  static absl::StatusOr<Caller> FindCaller(const TokenTable& tokens, const CallOrigin& origin,
                                           absl::Time now);
  std::shared_ptr<const TokenTable> tokens() const;

  const bool has_tokens_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const TokenTable> tokens_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // SERVER_SECURITY_ACCESS_CONTROL_H_
