// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_tls.h"

#include <memory>
#include <string>
#include <utility>

#include "server/http/http_server.h"
#include "tests/server/http/socket_client.h"
#include "tests/server/security/tls_identity.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class HttpTlsTest : public testing::Test {
 protected:
  void Start(const TlsIdentityStore& tls) {
    STA_ASSERT_OK_AND_ASSIGN(
        server_, HttpServer::Start({{"127.0.0.1", 0}},
                                   {.tls = &tls, .memory = memory_, .metrics = http_metrics_}, {},
                                   [](const std::shared_ptr<HttpCall>& call) {
                                     std::string names;
                                     for (const auto& name : call->request().certificate_names) {
                                       names += name + ";";
                                     }
                                     call->Reply({.body = names});
                                   }));
  }

  // The answer; empty where there is none.
  std::string Ask(const ClientTls& tls) {
    SocketClient client(server_->addresses().front(), tls);
    if (!client.is_secure()) return "";
    client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    return client.ReadResponse();
  }

  Metrics metrics_{"test"};
  HttpMetrics http_metrics_{metrics_};
  MemoryBudget memory_{1 << 20};
  const TestAuthority authority_{"servers"};
  const TestAuthority client_authority_{"clients"};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpTlsTest, TalksTlsAndNothingElse) {
  const TlsIdentityStore tls(IdentityOf(authority_.Issue()));
  Start(tls);
  EXPECT_THAT(Ask({.ca = authority_.pem()}), HasSubstr("200 OK"));
  EXPECT_EQ(Ask({.ca = client_authority_.pem()}), "");
  SocketClient clear(server_->addresses().front());
  clear.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(clear.ReadAll(), Not(HasSubstr("HTTP/1.1")));
}

TEST_F(HttpTlsTest, AnswersSeveralRequestsOfAConnection) {
  const TlsIdentityStore tls(IdentityOf(authority_.Issue()));
  Start(tls);
  SocketClient client(server_->addresses().front(), {.ca = authority_.pem()});
  for (int i = 0; i < 3; ++i) {
    client.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_THAT(client.ReadResponse(), HasSubstr("200 OK"));
  }
}

TEST_F(HttpTlsTest, ShowsANewCertificateToNewConnections) {
  const TestAuthority newer("newer");
  TlsIdentityStore tls(IdentityOf(authority_.Issue()));
  Start(tls);
  EXPECT_THAT(Ask({.ca = authority_.pem()}), HasSubstr("200 OK"));
  tls.Set(IdentityOf(newer.Issue()));
  EXPECT_THAT(Ask({.ca = newer.pem()}), HasSubstr("200 OK"));
  EXPECT_EQ(Ask({.ca = authority_.pem()}), "");
}

TEST_F(HttpTlsTest, WhatOpenSslCannotUseLeavesTheOldCertificate) {
  TlsIdentityStore tls(IdentityOf(authority_.Issue()));
  Start(tls);
  EXPECT_THAT(Ask({.ca = authority_.pem()}), HasSubstr("200 OK"));
  TlsIdentity bad = IdentityOf(authority_.Issue());
  bad.texts.key = authority_.Issue().key;  // as if nobody had checked
  tls.Set(std::move(bad));
  EXPECT_THAT(Ask({.ca = authority_.pem()}), HasSubstr("200 OK"));
}

TEST_F(HttpTlsTest, WantsACertificateOfItsAuthorityAndReadsItsNames) {
  const TlsIdentityStore tls(IdentityOf(authority_.Issue(), client_authority_.pem()));
  Start(tls);
  // TLS 1.3 tells a client of its missing certificate after the handshake.
  EXPECT_EQ(Ask({.ca = authority_.pem()}), "");
  EXPECT_EQ(Ask({.ca = authority_.pem(), .own = authority_.Issue({.name = "stranger"})}), "");
  EXPECT_THAT(Ask({.ca = authority_.pem(), .own = client_authority_.Issue({.name = "web"})}),
              EndsWith("\r\n\r\nweb;web;"));
}

}  // namespace
}  // namespace sta
