// SPDX-License-Identifier: Apache-2.0
//
// TLS for gRPC's listening ports with an identity that can be replaced while they serve.
//
//   TlsIdentityStore store(identity);
//   builder.AddListeningPort(address, MakeTlsCredentials(store), &port);
//   store.Set(newer);                       // handshakes from now on have it
//
// gRPC's own FileWatcherCertificateProvider is not used: in 1.51 a key that does not fit the
// certificate, which a pair of files has for a moment while it is replaced, leaves it with a freed
// handshaker factory. Here gRPC asks at each handshake whether there is something newer, and only
// what was checked is handed to it. What it cannot use all the same leaves the old one in effect.
#ifndef SERVER_SECURITY_TLS_CREDENTIALS_H_
#define SERVER_SECURITY_TLS_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/security/tls_files.h"

namespace sta {

// Thread-safe.
class TlsIdentityStore {
 public:
  explicit TlsIdentityStore(TlsIdentity identity)
      : wants_client_certificates_(!identity.texts.client_ca.empty()),
        identity_(std::make_shared<const TlsIdentity>(std::move(identity))) {}

  // Whether clients must have a certificate, which does not change.
  bool wants_client_certificates() const { return wants_client_certificates_; }

  std::shared_ptr<const TlsIdentity> Get() const {
    const absl::ReaderMutexLock lock(&mutex_);
    return identity_;
  }

  void Set(TlsIdentity identity) {
    const absl::MutexLock lock(&mutex_);
    identity_ = std::make_shared<const TlsIdentity>(std::move(identity));
  }

 private:
  const bool wants_client_certificates_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const TlsIdentity> identity_ ABSL_GUARDED_BY(mutex_);
};

// Of one listening port: gRPC keeps an identity for each. Whoever makes them keeps them, and the
// store, until the server is gone: a builder and a server do not. TLS 1.2 and 1.3.
std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(const TlsIdentityStore& store);

}  // namespace sta

#endif  // SERVER_SECURITY_TLS_CREDENTIALS_H_
