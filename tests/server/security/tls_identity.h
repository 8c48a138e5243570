// SPDX-License-Identifier: Apache-2.0
//
// What a server shows and asks for in TLS, out of a certificate that a test has made.
//
//   TlsIdentityStore tls(IdentityOf(authority.Issue()));
#ifndef TESTS_SERVER_SECURITY_TLS_IDENTITY_H_
#define TESTS_SERVER_SECURITY_TLS_IDENTITY_H_

#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "server/security/tls_files.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_certificates.h"

namespace sta {

// `client_ca`: authorities of clients' certificates in PEM form; empty: clients need none.
inline TlsIdentity IdentityOf(const TestCertificate& certificate,
                              const std::string& client_ca = "") {
  absl::StatusOr<TlsIdentity> identity = CheckTlsTexts(
      {.chain = certificate.chain, .key = certificate.key, .client_ca = client_ca}, absl::Now());
  EXPECT_THAT(identity, IsOk());
  return *std::move(identity);
}

}  // namespace sta

#endif  // TESTS_SERVER_SECURITY_TLS_IDENTITY_H_
