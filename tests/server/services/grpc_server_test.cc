// SPDX-License-Identifier: Apache-2.0
//
// The parts of the edge that need no model: listening, health, reflection, draining.
#include "server/services/grpc_server.h"

#include <grpcpp/create_channel.h>

#include <atomic>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "inference/open_inference_grpc.grpc.pb.h"
#include "server/services/health_service.h"
#include "sta/v1/devices.grpc.pb.h"
#include "sta/v1/model_store.grpc.pb.h"
#include "tests/server/services/reflection_client.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;

class GrpcServerTest : public testing::Test {
 protected:
  void SetUp() override {
    STA_ASSERT_OK_AND_ASSIGN(server_, GrpcServer::Start({.listen = {{"127.0.0.1", 0}}},
                                                        {&inference_service_, &store_service_,
                                                         &devices_service_, &health_service_}));
    channel_ =
        grpc::CreateChannel(server_->address().ToString(), grpc::InsecureChannelCredentials());
    health_ = grpc::health::v1::Health::NewStub(channel_);
  }

  grpc::Status Check(const std::string& name, HealthCheckResponse& response) {
    grpc::ClientContext context;
    HealthCheckRequest request;
    request.set_service(name);
    return health_->Check(&context, request, &response);
  }

  HealthBoard board_;
  HealthService health_service_{board_};
  inference::GRPCInferenceService::CallbackService inference_service_;
  v1::ModelStore::CallbackService store_service_;
  v1::Devices::CallbackService devices_service_;
  std::unique_ptr<GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<grpc::health::v1::Health::Stub> health_;
};

TEST_F(GrpcServerTest, TakesAFreePortAndRefusesATakenOne) {
  EXPECT_GT(server_->address().port, 0);
  EXPECT_THAT(GrpcServer::Start({.listen = {server_->address()}}, {}),
              StatusIs(StatusCode::kUnavailable,
                       HasSubstr("cannot listen on " + server_->address().ToString())));
}

TEST_F(GrpcServerTest, HealthCheckKnowsItsNames) {
  board_.Set("", true);
  board_.Set("m", false);
  HealthCheckResponse response;
  ASSERT_TRUE(Check("", response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  ASSERT_TRUE(Check("m", response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  const grpc::Status unknown = Check("x", response);
  EXPECT_EQ(unknown.error_code(), grpc::NOT_FOUND);
  EXPECT_THAT(unknown.error_message(), HasSubstr("unknown service 'x'"));
}

TEST_F(GrpcServerTest, HealthWatchStreamsChangesAndTheEnd) {
  grpc::ClientContext context;
  HealthCheckRequest request;
  request.set_service("m");
  auto watch = health_->Watch(&context, request);
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  board_.Set("m", true);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  board_.Set("m", true);   // no change: nothing is sent
  board_.Set("n", false);  // another name
  board_.Set("m", false);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  board_.Set("m", true);
  ASSERT_TRUE(watch->Read(&response));
  board_.Close();
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(watch->Read(&response));
  EXPECT_EQ(watch->Finish().error_code(), grpc::UNAVAILABLE);
}

TEST_F(GrpcServerTest, HealthWatchEndsWithItsClient) {
  grpc::ClientContext context;
  auto watch = health_->Watch(&context, HealthCheckRequest());
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  context.TryCancel();
  EXPECT_FALSE(watch->Read(&response));
  EXPECT_EQ(watch->Finish().error_code(), grpc::CANCELLED);
  board_.Set("", true);  // must not reach the dead call
}

// What the board's thread still holds then is not the call: for ThreadSanitizer.
TEST_F(GrpcServerTest, HealthWatchesEndWhileTheirNameChanges) {
  std::atomic<bool> stop = false;
  std::thread setter([&] {
    for (bool serving = true; !stop; serving = !serving) board_.Set("", serving);
  });
  for (int i = 0; i < 300; ++i) {
    grpc::ClientContext context;
    auto watch = health_->Watch(&context, HealthCheckRequest());
    HealthCheckResponse response;
    EXPECT_TRUE(watch->Read(&response));
    context.TryCancel();
    while (watch->Read(&response)) {
    }
    EXPECT_EQ(watch->Finish().error_code(), grpc::CANCELLED);
  }
  stop = true;
  setter.join();
}

TEST_F(GrpcServerTest, ShutdownCancelsWatchesAtItsDeadline) {
  grpc::ClientContext context;
  auto watch = health_->Watch(&context, HealthCheckRequest());
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  server_->Shutdown(absl::Now());  // returns although the watch would go on for ever
  EXPECT_FALSE(watch->Read(&response));
  EXPECT_FALSE(watch->Finish().ok());
}

// Calls that stay open, on a connection of their own.
class OpenWatches {
 public:
  OpenWatches(const std::string& address, int count)
      : channel_(MakeChannel(address)), stub_(grpc::health::v1::Health::NewStub(channel_)) {
    for (int i = 0; i < count; ++i) {
      contexts_.emplace_back();
      readers_.push_back(stub_->Watch(&contexts_.back(), HealthCheckRequest()));
      // Now it is there, or has been ended already.
      HealthCheckResponse response;
      readers_.back()->Read(&response);
    }
  }

  ~OpenWatches() {
    for (grpc::ClientContext& context : contexts_) context.TryCancel();
    for (auto& reader : readers_) reader->Finish();
  }

  // Waits until something comes, or the call has ended.
  bool Read(size_t call) {
    HealthCheckResponse response;
    return readers_[call]->Read(&response);
  }

  // What went wrong; empty: nothing.
  std::string Check() {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    HealthCheckResponse response;
    return stub_->Check(&context, HealthCheckRequest(), &response).error_message();
  }

 private:
  static std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }

  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<grpc::health::v1::Health::Stub> stub_;
  std::deque<grpc::ClientContext> contexts_;
  std::vector<std::unique_ptr<grpc::ClientReader<HealthCheckResponse>>> readers_;
};

TEST_F(GrpcServerTest, EndsTheConnectionThatHasTheMostOfTooManyCalls) {
  board_.Set("", false);
  HealthService health(board_);
  absl::Mutex mutex;
  std::vector<std::string> ended;
  STA_ASSERT_OK_AND_ASSIGN(const auto server,
                           GrpcServer::Start({.listen = {{"127.0.0.1", 0}},
                                              .max_calls = 10,
                                              .on_ended =
                                                  [&](const std::string& peer) {
                                                    const absl::MutexLock lock(&mutex);
                                                    ended.push_back(peer);
                                                  }},
                                             {&health}));
  const std::string address = server->address().ToString();
  OpenWatches small(address, 2);
  OpenWatches large(address, 9);
  for (size_t call = 0; call < 9; ++call) EXPECT_FALSE(large.Read(call));
  {
    // It is told behind the end, which the client may see before.
    const auto is_told = [&] { return !ended.empty(); };
    const absl::MutexLock lock(&mutex, absl::Condition(&is_told));
    EXPECT_THAT(ended, testing::ElementsAre(testing::StartsWith("127.0.0.1:")));
  }
  board_.Set("", true);
  EXPECT_TRUE(small.Read(0));
  EXPECT_TRUE(small.Read(1));
  EXPECT_EQ(small.Check(), "");
  // New ones are taken again.
  EXPECT_EQ(OpenWatches(address, 1).Check(), "");
}

TEST_F(GrpcServerTest, ReflectionListsAndDescribesEveryService) {
  ReflectionClient reflection(channel_);
  const std::vector<std::string> services = reflection.ListServices();
  EXPECT_THAT(services, IsSupersetOf({"inference.GRPCInferenceService", "grpc.health.v1.Health",
                                      "sta.v1.ModelStore", "sta.v1.Devices",
                                      "grpc.reflection.v1alpha.ServerReflection"}));
  for (const std::string& service : services) {
    EXPECT_THAT(reflection.DefinedSymbols(service), Contains(service));
  }
}

TEST_F(GrpcServerTest, ReflectionFindsMethodsByTheirFullName) {
  ReflectionClient reflection(channel_);
  // What ghz and grpcurl ask.
  for (const char* method :
       {"inference.GRPCInferenceService.ModelInfer", "inference.GRPCInferenceService.ServerLive",
        "grpc.health.v1.Health.Watch", "sta.v1.ModelStore.ListModels",
        "sta.v1.Devices.WatchDevices"}) {
    EXPECT_THAT(reflection.DefinedSymbols(method), Contains(method));
  }
  EXPECT_THAT(reflection.DefinedSymbols("inference.ModelInferRequest.InferInputTensor"),
              Contains("inference.ModelInferRequest"));
  EXPECT_TRUE(reflection.DefinedSymbols("inference.GRPCInferenceService.NoSuchMethod").empty());
  EXPECT_TRUE(reflection.DefinedSymbols("no.Such").empty());
}

}  // namespace
}  // namespace sta
