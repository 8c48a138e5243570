// SPDX-License-Identifier: Apache-2.0
#include "server/security/tls_files.h"

#include "tests/support/status_matchers.h"
#include "tests/support/test_certificates.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::Not;

class TlsFilesTest : public testing::Test {
 protected:
  const TestAuthority authority_{"test authority"};
  const TestCertificate server_ = authority_.Issue({.name = "sta.example"});
  const absl::Time now_ = absl::Now();
};

TEST_F(TlsFilesTest, TakesACertificateWithItsKey) {
  STA_ASSERT_OK_AND_ASSIGN(const TlsIdentity identity,
                           CheckTlsTexts({.chain = server_.chain + authority_.pem(),
                                          .key = server_.key,
                                          .client_ca = authority_.pem()},
                                         now_));
  EXPECT_EQ(identity.subject, "CN = sta.example");
  EXPECT_GT(identity.expires, now_ + absl::Hours(23));
  EXPECT_EQ(identity.texts.key, server_.key);
}

TEST_F(TlsFilesTest, RefusesWhatDoesNotFit) {
  const TestCertificate other = authority_.Issue();
  const std::string cut = server_.chain.substr(0, server_.chain.size() / 2);
  struct Case {
    TlsTexts texts;
    const char* problem;
  };
  for (const Case& c : {
           Case{{"", server_.key, ""}, "the certificate is not in PEM form"},
           Case{{"not PEM", server_.key, ""}, "the certificate is not in PEM form"},
           Case{{server_.key, server_.key, ""}, "the certificate is not in PEM form"},
           Case{{cut, server_.key, ""}, "the certificate is not in PEM form"},
           Case{{server_.chain + cut, server_.key, ""}, "a certificate of its chain is damaged"},
           Case{{server_.chain, "", ""}, "the key is not a private key"},
           Case{{server_.chain, server_.chain, ""}, "the key is not a private key"},
           Case{{server_.chain, server_.key.substr(0, 80), ""}, "the key is not a private key"},
           Case{{server_.chain, EncryptedTestKey(), ""}, "the key is encrypted"},
           Case{{server_.chain, other.key, ""}, "the key is not the certificate's"},
           Case{{authority_.pem() + server_.chain, server_.key, ""}, "must be the first"},
           Case{{server_.chain, server_.key, "not PEM"}, "the authorities of clients"},
           Case{{server_.chain, server_.key, cut}, "the authorities of clients"},
       }) {
    EXPECT_THAT(CheckTlsTexts(c.texts, now_),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(c.problem)))
        << c.texts.chain << c.texts.client_ca;
  }
}

TEST_F(TlsFilesTest, RefusesACertificateOfAnotherTime) {
  const absl::Time end = now_ + absl::Hours(2);
  const TestCertificate soon = authority_.Issue({.begins = now_ + absl::Hours(1), .ends = end});
  const TlsTexts texts{.chain = soon.chain, .key = soon.key, .client_ca = ""};
  EXPECT_THAT(CheckTlsTexts(texts, now_),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("is valid from")));
  EXPECT_THAT(CheckTlsTexts(texts, now_ + absl::Minutes(90)), IsOk());
  EXPECT_THAT(CheckTlsTexts(texts, end + absl::Seconds(1)),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("not now")));
}

TEST_F(TlsFilesTest, NeverRepeatsAKey) {
  EXPECT_THAT(CheckTlsTexts({.chain = server_.key, .key = server_.key, .client_ca = ""}, now_),
              StatusIs(StatusCode::kInvalidArgument, Not(HasSubstr(server_.key.substr(40, 20)))));
}

}  // namespace
}  // namespace sta
