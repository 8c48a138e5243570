// SPDX-License-Identifier: Apache-2.0
//
// Triton's repository calls over gRPC.
#include "server/services/repository_calls.h"

#include <memory>
#include <string>
#include <vector>

#include "inference/open_inference_grpc.grpc.pb.h"
#include "tests/server/services/store_service_fixture.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The three calls alone, without what InferenceService needs besides.
class RepositoryService final : public inference::GRPCInferenceService::CallbackService {
 public:
  explicit RepositoryService(RepositoryCalls calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* RepositoryIndex(grpc::CallbackServerContext* context,
                                            const inference::RepositoryIndexRequest* request,
                                            inference::RepositoryIndexResponse* response) override {
    return calls_.Index(context, request, response);
  }
  grpc::ServerUnaryReactor* RepositoryModelLoad(
      grpc::CallbackServerContext* context, const inference::RepositoryModelLoadRequest* request,
      inference::RepositoryModelLoadResponse* /*response*/) override {
    return calls_.Load(context, request);
  }
  grpc::ServerUnaryReactor* RepositoryModelUnload(
      grpc::CallbackServerContext* context, const inference::RepositoryModelUnloadRequest* request,
      inference::RepositoryModelUnloadResponse* /*response*/) override {
    return calls_.Unload(context, request);
  }

 private:
  const RepositoryCalls calls_;
};

class RepositoryCallsTest : public StoreServiceTest {
 protected:
  void SetUp() override {
    STA_ASSERT_OK_AND_ASSIGN(repository_server_,
                             GrpcServer::Start({.listen = {{"127.0.0.1", 0}}}, {&repository_}));
    inference_ = inference::GRPCInferenceService::NewStub(grpc::CreateChannel(
        repository_server_->address().ToString(), grpc::InsecureChannelCredentials()));
  }

  // "m/2 READY", or with the reason: "m/1 UNAVAILABLE: unloaded".
  std::vector<std::string> Index(bool ready = false) {
    grpc::ClientContext context;
    inference::RepositoryIndexRequest request;
    request.set_ready(ready);
    inference::RepositoryIndexResponse response;
    EXPECT_THAT(FromGrpc(inference_->RepositoryIndex(&context, request, &response)), IsOk());
    std::vector<std::string> entries;
    for (const auto& model : response.models()) {
      std::string& entry =
          entries.emplace_back(StrCat(model.name(), "/", model.version(), " ", model.state()));
      if (!model.reason().empty()) StrAppend(&entry, ": ", model.reason());
    }
    return entries;
  }

  absl::Status SetProd(int64_t version) {
    v1::SetAliasRequest request;
    request.set_name("m");
    request.set_alias("prod");
    request.set_version(version);
    return SetAlias(request).status();
  }

  absl::Status LoadAll(const inference::RepositoryModelLoadRequest& request) {
    grpc::ClientContext context;
    inference::RepositoryModelLoadResponse response;
    return FromGrpc(inference_->RepositoryModelLoad(&context, request, &response));
  }
  absl::Status LoadAll(const std::string& name) {
    inference::RepositoryModelLoadRequest request;
    request.set_model_name(name);
    return LoadAll(request);
  }
  absl::Status UnloadAll(const std::string& name) {
    grpc::ClientContext context;
    inference::RepositoryModelUnloadRequest request;
    request.set_model_name(name);
    (*request.mutable_parameters())["unload_dependents"].set_bool_param(false);
    inference::RepositoryModelUnloadResponse response;
    return FromGrpc(inference_->RepositoryModelUnload(&context, request, &response));
  }

  RepositoryService repository_{RepositoryCalls(registry_, *manager_, metrics_)};
  std::unique_ptr<GrpcServer> repository_server_;
  std::unique_ptr<inference::GRPCInferenceService::Stub> inference_;
};

TEST_F(RepositoryCallsTest, IndexesWhatThereIs) {
  EXPECT_THAT(Index(), IsEmpty());
  host_.Fail("load other/1", absl::DataLossError("a tensor is missing"));
  Upload("m", first_);
  Upload("m", second_);
  Upload("other", first_);
  const std::vector<std::string> all = Index();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0], "m/2 READY");
  EXPECT_EQ(all[1], "m/1 UNAVAILABLE: unloaded");
  EXPECT_THAT(all[2], testing::StartsWith("other/1 UNAVAILABLE: "));
  EXPECT_THAT(all[2], HasSubstr("a tensor is missing"));
  EXPECT_THAT(Index(/*ready=*/true), ElementsAre("m/2 READY"));
}

TEST_F(RepositoryCallsTest, UnloadsAndLoadsAWholeModel) {
  Upload("m", first_);
  ASSERT_THAT(SetProd(1), IsOk());
  Upload("m", second_);
  EXPECT_THAT(Index(), ElementsAre("m/2 READY", "m/1 READY"));
  EXPECT_THAT(UnloadAll("m"), IsOk());
  EXPECT_THAT(Index(), ElementsAre("m/2 UNAVAILABLE: unloaded", "m/1 UNAVAILABLE: unloaded"));
  EXPECT_THAT(LoadAll("m"), IsOk());
  EXPECT_THAT(Index(), ElementsAre("m/2 READY", "m/1 READY"));
}

TEST_F(RepositoryCallsTest, ALoadEndsWithWhatFailed) {
  Upload("m", first_);
  ASSERT_THAT(SetProd(1), IsOk());
  Upload("m", second_);
  ASSERT_THAT(UnloadAll("m"), IsOk());
  host_.Fail("load m/1", absl::DataLossError("a tensor is missing"));
  EXPECT_THAT(LoadAll("m"),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("a tensor is missing")));
  EXPECT_THAT(Index(true), ElementsAre("m/2 READY"));
}

TEST_F(RepositoryCallsTest, RefusesWhatIsNotOffered) {
  Upload("m", first_);
  EXPECT_THAT(LoadAll("other"), StatusIs(StatusCode::kNotFound, HasSubstr("'other'")));
  EXPECT_THAT(UnloadAll("other"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(LoadAll(""), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(UnloadAll(""), StatusIs(StatusCode::kInvalidArgument));
  inference::RepositoryModelLoadRequest request;
  request.set_model_name("m");
  (*request.mutable_parameters())["file:1/model.bin"].set_bytes_param("x");
  EXPECT_THAT(LoadAll(request),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("file:1/model.bin")));
  grpc::ClientContext context;
  inference::RepositoryIndexRequest index;
  index.set_repository_name("another");
  inference::RepositoryIndexResponse response;
  EXPECT_THAT(FromGrpc(inference_->RepositoryIndex(&context, index, &response)),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(RepositoryCallsTest, UnderstandsKServesNumbering) {
  Upload("m", first_);
  ASSERT_THAT(UnloadAll("m"), IsOk());
  inference::RepositoryModelLoadRequest request;
  request.set_repository_name("m");
  EXPECT_THAT(LoadAll(request), IsOk());
  EXPECT_THAT(Index(), ElementsAre("m/1 READY"));
}

}  // namespace
}  // namespace sta
