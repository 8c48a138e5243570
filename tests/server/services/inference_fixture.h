// SPDX-License-Identifier: Apache-2.0
//
// InferenceTest: ModelInfer and ModelStreamInfer over gRPC, on a FakeModel "m" (a row's output is
// its bytes plus one, fake_device.h) and one FakeDevice that can be held; the clock is fake.
//
//   device_->Hold();
//   ModelInferRequest request = Request("id", "text");
//   EXPECT_THAT(Infer(request, response), IsOk());
#ifndef TESTS_SERVER_SERVICES_INFERENCE_FIXTURE_H_
#define TESTS_SERVER_SERVICES_INFERENCE_FIXTURE_H_

#include <grpcpp/create_channel.h>

#include <functional>
#include <memory>
#include <string>

#include "inference/open_inference_grpc.grpc.pb.h"
#include "server/services/grpc_server.h"
#include "server/services/infer_call.h"
#include "server/services/stream_infer_call.h"
#include "tests/server/services/backend_fixture.h"
#include "tests/server/services/fake_model.h"
#include "tests/server/services/infer_messages.h"
#include "tests/support/status_matchers.h"

namespace sta {

// A FakeModel that tells what it tokenizes.
class WatchedModel final : public FakeModel {
 public:
  using FakeModel::FakeModel;

  absl::StatusOr<TokenSequence> Tokenize(std::string_view text,
                                         std::optional<std::string_view> pair) const override {
    if (on_text) on_text(text);
    if (!failure.ok()) return failure;
    return FakeModel::Tokenize(text, pair);
  }

  // Set before the first request.
  std::function<void(std::string_view text)> on_text;
  absl::Status failure;  // of Tokenize
};

// The two calls alone, without what InferenceService needs besides.
class InferOnlyService final : public inference::GRPCInferenceService::CallbackService {
 public:
  explicit InferOnlyService(const StreamInferCall::Shared& shared) : shared_(shared) {}

  grpc::ServerUnaryReactor* ModelInfer(grpc::CallbackServerContext* context,
                                       const inference::ModelInferRequest* request,
                                       inference::ModelInferResponse* response) override {
    return InferCall::Start(shared_.backend, shared_.limits, *context, "client", *request,
                            *response);
  }
  grpc::ServerBidiReactor<inference::ModelInferRequest, inference::ModelStreamInferResponse>*
  ModelStreamInfer(grpc::CallbackServerContext* context) override {
    return new StreamInferCall(shared_, *context, "client");
  }

 private:
  const StreamInferCall::Shared shared_;
};

class InferenceTest : public BackendTest {
 protected:
  using Stream =
      grpc::ClientReaderWriter<inference::ModelInferRequest, inference::ModelStreamInferResponse>;

  explicit InferenceTest(const StreamLimits& stream_limits = {}, double logged_fraction = 0)
      : BackendTest(logged_fraction), stream_limits_(stream_limits) {}

  void SetUp() override {
    BackendTest::SetUp();
    model_ = std::make_shared<WatchedModel>(ClassifierConfig());
    SetReady(LoadModel("m", model_));
    service_ = std::make_unique<InferOnlyService>(StreamInferCall::Shared{
        .backend = backend(), .limits = {}, .stream_limits = stream_limits_, .streams = streams_});
    STA_ASSERT_OK_AND_ASSIGN(server_,
                             GrpcServer::Start({.listen = {{"127.0.0.1", 0}}}, {service_.get()}));
    stub_ = inference::GRPCInferenceService::NewStub(
        grpc::CreateChannel(server_->address().ToString(), grpc::InsecureChannelCredentials()));
  }

  void TearDown() override {
    device_->Release();
    server_.reset();
    BackendTest::TearDown();
  }

  static inference::ModelInferRequest Request(const std::string& id, const std::string& text) {
    inference::ModelInferRequest request = TextMessage({text});
    request.set_model_name("m");
    request.set_id(id);
    request.add_outputs()->set_name("logits");
    return request;
  }

  absl::Status Infer(const inference::ModelInferRequest& request,
                     inference::ModelInferResponse& response) {
    grpc::ClientContext context;
    const grpc::Status status = stub_->ModelInfer(&context, request, &response);
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }

  const StreamLimits stream_limits_;
  OpenStreams streams_;
  std::shared_ptr<WatchedModel> model_;
  std::unique_ptr<InferOnlyService> service_;
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub_;
};

}  // namespace sta

#endif  // TESTS_SERVER_SERVICES_INFERENCE_FIXTURE_H_
