// SPDX-License-Identifier: Apache-2.0
//
// HttpTls: OpenSSL's context for connections over HTTP, of the identity that is in effect.
//
//   HttpTls tls(store);
//   std::shared_ptr<asio::ssl::context> context = tls.Context();      // of one handshake
//
// A new identity is for handshakes from then on; one that OpenSSL cannot use leaves the last one in
// effect. TLS 1.2 and 1.3; a client's certificate is asked for where the identity has authorities.
#ifndef SERVER_HTTP_HTTP_TLS_H_
#define SERVER_HTTP_HTTP_TLS_H_

#include <openssl/types.h>

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/security/tls_credentials.h"

namespace sta {

// Thread-safe.
class HttpTls {
 public:
  // `store` outlives it.
  explicit HttpTls(const TlsIdentityStore& store) : store_(store) {}

  // Null where there has been none that OpenSSL can use.
  std::shared_ptr<boost::asio::ssl::context> Context();

 private:
  const TlsIdentityStore& store_;
  absl::Mutex mutex_;
  std::shared_ptr<const TlsIdentity> identity_ ABSL_GUARDED_BY(mutex_);  // that was tried last
  std::shared_ptr<boost::asio::ssl::context> context_ ABSL_GUARDED_BY(mutex_);
};

// The common name and the alternative names of the peer's certificate, as gRPC has them; none
// without a certificate.
std::vector<std::string> CertificateNamesOf(const SSL* connection);

}  // namespace sta

#endif  // SERVER_HTTP_HTTP_TLS_H_
