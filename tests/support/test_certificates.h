// SPDX-License-Identifier: Apache-2.0
//
// Certificates and keys made on the spot, in PEM form, for tests of TLS.
//
//   const TestAuthority authority("test authority");
//   const TestCertificate server = authority.Issue({.name = "localhost"});
#ifndef TESTS_SUPPORT_TEST_CERTIFICATES_H_
#define TESTS_SUPPORT_TEST_CERTIFICATES_H_

#include <openssl/types.h>

#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sta {

struct TestCertificate {
  std::string chain;
  std::string key;
};

struct TestCertificateOptions {
  std::string name = "localhost";  // common name, and the alternative name of that host
  absl::Time begins = absl::Now() - absl::Hours(1);
  absl::Time ends = absl::Now() + absl::Hours(24);
};

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  // Its own certificate, which whoever trusts it needs.
  const std::string& pem() const { return pem_; }

  TestCertificate Issue(const TestCertificateOptions& options = {}) const;

 private:
  EVP_PKEY* key_;
  X509* certificate_;
  std::string pem_;
};

// A key in PEM form that a passphrase protects.
std::string EncryptedTestKey();

}  // namespace sta

#endif  // TESTS_SUPPORT_TEST_CERTIFICATES_H_
