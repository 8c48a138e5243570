// SPDX-License-Identifier: Apache-2.0
//
// SecurityFiles: the files of tokens, certificate and key that the server was given, in effect
// while it runs. A file that changes takes effect within a second or so; one that is bad then
// leaves what was before in effect and is logged, once.
//
//   absl::StatusOr<std::unique_ptr<SecurityFiles>> files = SecurityFiles::Open(paths, clock);
//   PollThread thread(clock, kSecurityPoll, [&] { (*files)->Reload(count); });
//   ... (*files)->access(), (*files)->tls()
//
// Reload is for one thread; what access() and tls() give is thread-safe.
#ifndef SERVER_SECURITY_SECURITY_FILES_H_
#define SERVER_SECURITY_SECURITY_FILES_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "server/security/access_control.h"
#include "server/security/tls_credentials.h"
#include "server/security/watched_files.h"

namespace sta {

inline constexpr absl::Duration kSecurityPoll = absl::Seconds(1);

// Empty: not given.
struct SecurityPaths {
  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;
  std::string tokens;
};

class SecurityFiles {
 public:
  // INVALID_ARGUMENT or NOT_FOUND, with the setting in front ("tls_cert: ..."): one is missing
  // where another is given, cannot be read, or is bad. `clock` outlives the object.
  static absl::StatusOr<std::unique_ptr<SecurityFiles>> Open(const SecurityPaths& paths,
                                                             Clock& clock);

  const AccessControl& access() const { return *access_; }
  // Null: without TLS.
  const TlsIdentityStore* tls() const { return tls_.get(); }

  // "tls" or "tokens", and whether what is in the files now is in effect.
  using OnReload = std::function<void(std::string_view files, bool is_in_effect)>;
  // Looks at the files; logs and tells what changed.
  void Reload(const OnReload& on_reload);

 private:
  SecurityFiles(const SecurityPaths& paths, Clock& clock);

  absl::StatusOr<TlsIdentity> MakeIdentity(const WatchedFiles::Texts& texts) const;
  static absl::StatusOr<std::shared_ptr<const TokenTable>> MakeTable(
      const WatchedFiles::Texts& texts);
  // Nothing where the files are as they were.
  std::optional<absl::Status> ReloadTls();
  std::optional<absl::Status> ReloadTokens();

  Clock& clock_;
  WatchedFiles tls_files_;
  WatchedFiles token_file_;
  std::unique_ptr<AccessControl> access_;
  std::unique_ptr<TlsIdentityStore> tls_;
};

}  // namespace sta

#endif  // SERVER_SECURITY_SECURITY_FILES_H_
