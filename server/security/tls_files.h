// SPDX-License-Identifier: Apache-2.0
//
// What TLS needs, read from files and checked before anybody uses it.
//
//   absl::StatusOr<TlsIdentity> identity = ParseTlsIdentity(pem_chain, pem_key, pem_client_ca);
//
// Pure functions over texts.
#ifndef SERVER_SECURITY_TLS_FILES_H_
#define SERVER_SECURITY_TLS_FILES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sta {

// PEM texts that belong together.
struct TlsTexts {
  std::string chain;      // the server's certificate, then those up to its authority's
  std::string key;        // of the certificate
  std::string client_ca;  // authorities of clients' certificates; empty: clients need none

  friend bool operator==(const TlsTexts&, const TlsTexts&) = default;
};

struct TlsIdentity {
  TlsTexts texts;
  std::string subject;  // of the certificate: "CN = sta.example.org"
  absl::Time expires;
};

// INVALID_ARGUMENT, which never repeats a key: a text is no PEM, the key is encrypted or another
// certificate's, or the certificate is not valid at `now`.
absl::StatusOr<TlsIdentity> CheckTlsTexts(TlsTexts texts, absl::Time now);

}  // namespace sta

#endif  // SERVER_SECURITY_TLS_FILES_H_
