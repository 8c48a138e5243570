// SPDX-License-Identifier: Apache-2.0
#include "client/channel.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "client/store_client.h"
#include "strings/str_cat.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/test_certificates.h"

namespace sta::client {
namespace {

using absl::StatusCode;
using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;

TEST(ChannelTest, TakesHostsAndUnixSockets) {
  for (const char* address : {"127.0.0.1:8001", "[::1]:1", "sta.example:443", "unix:/run/sta.sock",
                              "unix:relative.sock"}) {
    EXPECT_THAT(CheckOptions({.address = address}), IsOk()) << address;
  }
  for (const char* address : {"", "localhost", ":8001", "localhost:", "unix:"}) {
    EXPECT_THAT(CheckOptions({.address = address}),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("neither host:port nor unix:")))
        << address;
  }
}

TEST(ChannelTest, SendsNoTokenInTheClearToAnotherHost) {
  for (const char* address :
       {"sta.example:8001", "10.0.0.1:8001", "[::2]:8001", "localhost.evil.example:1"}) {
    EXPECT_THAT(CheckOptions({.address = address, .token = "t"}),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("in the clear; use TLS")))
        << address;
    EXPECT_THAT(CheckOptions({.address = address, .tls = true, .token = "t"}), IsOk());
    EXPECT_THAT(CheckOptions({.address = address, .tls_ca = "ca.crt", .token = "t"}), IsOk());
    EXPECT_THAT(CheckOptions({.address = address, .token = "t", .allow_token_in_clear = true}),
                IsOk());
  }
  for (const char* address : {"127.0.0.1:8001", "localhost:8001", "[::1]:8001", "unix:/sock"}) {
    EXPECT_THAT(CheckOptions({.address = address, .token = "t"}), IsOk()) << address;
  }
}

TEST(ChannelTest, RefusesWhatCannotBeSentAndHalfAnIdentity) {
  for (const char* token : {"a b", "a\n", "\x7f", "\xc3\xa4"}) {
    EXPECT_THAT(CheckOptions({.token = token}),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("the token has characters")));
  }
  EXPECT_THAT(CheckOptions({.tls_cert = "c"}), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckOptions({.tls_key = "k"}), StatusIs(StatusCode::kInvalidArgument));
}

TEST(ChannelTest, TrustsAnyCertificateOnThisHostOnly) {
  for (const char* address : {"127.0.0.1:8001", "localhost:8001", "[::1]:8001"}) {
    EXPECT_THAT(CheckOptions({.address = address, .tls_unverified = true}), IsOk()) << address;
  }
  EXPECT_THAT(CheckOptions({.address = "sta.example:8001", .tls_unverified = true}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("must be verified")));
  EXPECT_THAT(CheckOptions({.tls_ca = "ca.crt", .tls_unverified = true}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("one of the two")));
}

TEST(ChannelTest, SaysWhichFileCannotBeRead) {
  EXPECT_THAT(MakeChannel({.tls_ca = "/nowhere/ca.crt"}),
              StatusIs(StatusCode::kNotFound, HasSubstr("/nowhere/ca.crt")));
}

// Answers every call with UNIMPLEMENTED, and remembers what it had to show.
class Doorman final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    class Refusal final : public grpc::ServerGenericBidiReactor {
     public:
      Refusal() { Finish(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no")); }
      void OnDone() override { delete this; }
    };
    const absl::MutexLock lock(&mutex_);
    std::string shown;
    const auto [begin, end] = context->client_metadata().equal_range("authorization");
    for (auto header = begin; header != end; ++header) {
      shown.append(header->second.data(), header->second.size());
    }
    shown_.push_back(shown);
    return new Refusal;
  }

  std::vector<std::string> shown() {
    const absl::MutexLock lock(&mutex_);
    return shown_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> shown_ ABSL_GUARDED_BY(mutex_);
};

class SecureChannelTest : public testing::Test {
 protected:
  SecureChannelTest() {
    const TestCertificate server = authority_.Issue();
    grpc::SslServerCredentialsOptions ssl(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    ssl.pem_root_certs = authority_.pem();
    ssl.pem_key_cert_pairs = {{.private_key = server.key, .cert_chain = server.chain}};
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(&doorman_);
    builder.AddListeningPort("localhost:0", grpc::SslServerCredentials(ssl), &port_);
    server_ = builder.BuildAndStart();
    const TestCertificate own = authority_.Issue({.name = "client"});
    options_ = {.address = StrCat("localhost:", port_),
                .max_attempts = 1,
                .tls_ca = Write("ca", authority_.pem()),
                .tls_cert = Write("cert", own.chain),
                .tls_key = Write("key", own.key),
                .token = "secret"};
  }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = directory_.path() / name;
    std::ofstream(path) << text;
    return path;
  }

  TemporaryDirectory directory_;
  const TestAuthority authority_{"test authority"};
  Doorman doorman_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  ClientOptions options_;
};

TEST_F(SecureChannelTest, ShowsTokenAndCertificateWithEveryKindOfCall) {
  STA_ASSERT_OK_AND_ASSIGN(const auto client, Client::Create(options_));
  EXPECT_THAT(client->ListModels(), StatusIs(StatusCode::kUnimplemented));
  EXPECT_THAT(client->Embed("m", {"text"}), StatusIs(StatusCode::kUnimplemented));
  EXPECT_THAT(
      client->WatchDevices(absl::InfiniteDuration(), [](const DeviceList&) { return true; }),
      StatusIs(StatusCode::kUnimplemented));
  EXPECT_THAT(StoreClient(*client).Export("m", "1", directory_.path() / "export", {}),
              StatusIs(StatusCode::kUnimplemented));
  EXPECT_THAT(doorman_.shown(), SizeIs(4));
  EXPECT_THAT(doorman_.shown(), Each("Bearer secret"));
}

TEST_F(SecureChannelTest, DoesNotTalkToAServerThatNobodyVouchesFor) {
  const TestAuthority other("other");
  options_.tls_ca = Write("other", other.pem());
  STA_ASSERT_OK_AND_ASSIGN(const auto client, Client::Create(options_));
  EXPECT_THAT(client->ListModels(), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(doorman_.shown(), SizeIs(0));
}

TEST_F(SecureChannelTest, TalksToAServerThatNobodyVouchesForWhereItMay) {
  options_.tls_ca = "";
  options_.tls_unverified = true;
  STA_ASSERT_OK_AND_ASSIGN(const auto client, Client::Create(options_));
  EXPECT_THAT(client->ListModels(), StatusIs(StatusCode::kUnimplemented));
  EXPECT_THAT(doorman_.shown(), SizeIs(1));
}

}  // namespace
}  // namespace sta::client
