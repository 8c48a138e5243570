// SPDX-License-Identifier: Apache-2.0
//
// Listening with TLS, with clients' certificates, and on Unix sockets.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/services/grpc_server.h"
#include "server/services/health_service.h"
#include "server/services/rpc_access.h"
#include "tests/server/security/tls_identity.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/test_certificates.h"

namespace sta {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

// Health, which remembers what the last call had to show.
class CuriousHealth final : public grpc::health::v1::Health::CallbackService {
 public:
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* /*request*/,
                                  grpc::health::v1::HealthCheckResponse* /*response*/) override {
    const CallOrigin origin = OriginOf(*context);
    peer = origin.peer;
    certificate_names = origin.certificate_names;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  std::string peer;
  std::vector<std::string> certificate_names;
};

class SecureServerTest : public testing::Test {
 protected:
  void Start(const TlsIdentityStore* tls, std::vector<Address> listen = {{"127.0.0.1", 0}}) {
    STA_ASSERT_OK_AND_ASSIGN(
        server_, GrpcServer::Start({.listen = std::move(listen), .tls = tls}, {&health_}));
  }

  // Over a connection of its own. The name in the certificate is "localhost".
  grpc::Status Check(const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                     const std::string& address = "") {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetSslTargetNameOverride("localhost");
    const auto stub = grpc::health::v1::Health::NewStub(grpc::CreateCustomChannel(
        address.empty() ? server_->address().ToString() : address, credentials, arguments));
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckResponse response;
    return stub->Check(&context, {}, &response);
  }

  static std::shared_ptr<grpc::ChannelCredentials> Trusting(const std::string& ca,
                                                            const TestCertificate& own = {}) {
    return grpc::SslCredentials(
        {.pem_root_certs = ca, .pem_private_key = own.key, .pem_cert_chain = own.chain});
  }

  CuriousHealth health_;
  TemporaryDirectory directory_;
  const TestAuthority authority_{"servers"};
  const TestAuthority client_authority_{"clients"};
  std::unique_ptr<GrpcServer> server_;
};

TEST_F(SecureServerTest, TalksTlsAndNothingElse) {
  const TlsIdentityStore tls(IdentityOf(authority_.Issue()));
  Start(&tls);
  EXPECT_TRUE(Check(Trusting(authority_.pem())).ok());
  EXPECT_THAT(health_.certificate_names, IsEmpty());
  EXPECT_EQ(Check(Trusting(client_authority_.pem())).error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(Check(grpc::InsecureChannelCredentials()).error_code(), grpc::UNAVAILABLE);
}

TEST_F(SecureServerTest, ShowsANewCertificateToNewConnections) {
  const TestAuthority newer("newer");
  TlsIdentityStore tls(IdentityOf(authority_.Issue()));
  Start(&tls);
  EXPECT_TRUE(Check(Trusting(authority_.pem())).ok());
  tls.Set(IdentityOf(newer.Issue()));
  EXPECT_TRUE(Check(Trusting(newer.pem())).ok());
  EXPECT_EQ(Check(Trusting(authority_.pem())).error_code(), grpc::UNAVAILABLE);
}

TEST_F(SecureServerTest, WhatGrpcCannotUseLeavesTheOldCertificate) {
  TlsIdentityStore tls(IdentityOf(authority_.Issue()));
  Start(&tls);
  TlsIdentity bad = IdentityOf(authority_.Issue());
  bad.texts.key = authority_.Issue().key;  // as if nobody had checked
  tls.Set(std::move(bad));
  EXPECT_TRUE(Check(Trusting(authority_.pem())).ok());
  tls.Set(IdentityOf(authority_.Issue()));
  EXPECT_TRUE(Check(Trusting(authority_.pem())).ok());
}

TEST_F(SecureServerTest, WantsACertificateOfItsAuthority) {
  const TlsIdentityStore tls(IdentityOf(authority_.Issue(), client_authority_.pem()));
  Start(&tls);
  const TestCertificate carl = client_authority_.Issue({.name = "carl.example"});
  EXPECT_TRUE(Check(Trusting(authority_.pem(), carl)).ok());
  EXPECT_THAT(health_.certificate_names, Contains("carl.example"));
  EXPECT_EQ(Check(Trusting(authority_.pem())).error_code(), grpc::UNAVAILABLE) << "absent";
  EXPECT_EQ(Check(Trusting(authority_.pem(), authority_.Issue())).error_code(), grpc::UNAVAILABLE)
      << "of another authority";
  const TestCertificate old =
      client_authority_.Issue({.name = "old", .ends = absl::Now() - absl::Minutes(1)});
  EXPECT_EQ(Check(Trusting(authority_.pem(), old)).error_code(), grpc::UNAVAILABLE) << "expired";
}

TEST_F(SecureServerTest, ANewClientAuthorityEndsTheOldOne) {
  const TestCertificate server = authority_.Issue();
  const TestAuthority newer("newer clients");
  TlsIdentityStore tls(IdentityOf(server, client_authority_.pem()));
  Start(&tls);
  tls.Set(IdentityOf(server, newer.pem()));
  EXPECT_TRUE(Check(Trusting(authority_.pem(), newer.Issue())).ok());
  EXPECT_EQ(Check(Trusting(authority_.pem(), client_authority_.Issue())).error_code(),
            grpc::UNAVAILABLE);
}

TEST_F(SecureServerTest, ListensOnSeveralAddressesAndInTheClearOnUnixSockets) {
  const TlsIdentityStore tls(IdentityOf(authority_.Issue()));
  const Address socket{.path = directory_.path() / "sta.sock"};
  Start(&tls, {{"127.0.0.1", 0}, socket, {"127.0.0.1", 0}});
  ASSERT_EQ(server_->addresses().size(), 3u);
  EXPECT_NE(server_->addresses()[0].port, server_->addresses()[2].port);
  for (const size_t i : {size_t{0}, size_t{2}}) {
    EXPECT_TRUE(Check(Trusting(authority_.pem()), server_->addresses()[i].ToString()).ok());
    EXPECT_THAT(health_.peer, HasSubstr("ipv4:127.0.0.1:"));
  }
  EXPECT_TRUE(Check(grpc::InsecureChannelCredentials(), socket.ToString()).ok());
  EXPECT_THAT(health_.peer, HasSubstr("unix:"));
}

TEST_F(SecureServerTest, AUnixSocketIsForItsOwnerAndGroupAndGoesWithTheServer) {
  const Address socket{.path = directory_.path() / "sta.sock"};
  Start(nullptr, {socket});
  struct stat status {};
  ASSERT_EQ(stat(socket.path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(socket.path));
}

TEST_F(SecureServerTest, DoesNotTakeAUnixSocketFromALiveServer) {
  const Address socket{.path = directory_.path() / "sta.sock"};
  Start(nullptr, {socket});
  HealthBoard board;
  HealthService other(board);
  EXPECT_THAT(GrpcServer::Start({.listen = {socket}}, {&other}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("in use")));
  EXPECT_TRUE(Check(grpc::InsecureChannelCredentials(), socket.ToString()).ok());
}

TEST_F(SecureServerTest, OneAddressThatIsTakenStopsAll) {
  Start(nullptr);
  const Address taken = server_->address();
  HealthBoard board;
  HealthService other(board);
  EXPECT_THAT(GrpcServer::Start({.listen = {{"127.0.0.1", 0}, taken}}, {&other}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr(taken.ToString())));
}

}  // namespace
}  // namespace sta
