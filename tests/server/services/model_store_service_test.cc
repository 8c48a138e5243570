// SPDX-License-Identifier: Apache-2.0
//
// The unary calls of sta.v1.ModelStore over gRPC.
#include "server/services/model_store_service.h"

#include <fstream>
#include <string>
#include <vector>

#include "tests/server/services/store_service_fixture.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ModelStoreServiceTest : public StoreServiceTest {
 protected:
  using StoreServiceTest::StoreServiceTest;

  // "m/2 READY prod", in the order of ListModels.
  std::vector<std::string> States() {
    std::vector<std::string> states;
    const v1::ListModelsResponse list = List();
    for (const v1::ModelVersion& model : list.models()) {
      std::string& state = states.emplace_back(
          StrCat(model.name(), "/", model.version(), " ",
                 v1::ModelState_Name(model.state()).substr(sizeof("MODEL_STATE"))));
      for (const std::string& alias : model.aliases()) StrAppend(&state, " ", alias);
    }
    return states;
  }

  static v1::SetAliasRequest Alias(const std::string& alias, int64_t version) {
    v1::SetAliasRequest request;
    request.set_name("m");
    request.set_alias(alias);
    request.set_version(version);
    return request;
  }

  absl::StatusOr<v1::GetModelResponse> Get(const std::string& name, int64_t version,
                                           const std::string& alias = "") {
    grpc::ClientContext context;
    v1::GetModelRequest request;
    request.set_name(name);
    request.set_version(version);
    request.set_alias(alias);
    v1::GetModelResponse response;
    const absl::Status status = FromGrpc(stub_->GetModel(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  absl::Status Delete(int64_t version, bool force = false) {
    grpc::ClientContext context;
    v1::DeleteVersionRequest request;
    request.set_name("m");
    request.set_version(version);
    request.set_force(force);
    v1::DeleteVersionResponse response;
    return FromGrpc(stub_->DeleteVersion(&context, request, &response));
  }

  absl::StatusOr<v1::LoadModelResponse> Load(const std::string& name, int64_t version = 0,
                                             const std::string& alias = "") {
    grpc::ClientContext context;
    v1::LoadModelRequest request;
    request.set_name(name);
    request.set_version(version);
    request.set_alias(alias);
    v1::LoadModelResponse response;
    const absl::Status status = FromGrpc(stub_->LoadModel(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  absl::Status Unload(int64_t version, const std::string& alias = "", bool force = false) {
    grpc::ClientContext context;
    v1::UnloadModelRequest request;
    request.set_name("m");
    request.set_version(version);
    request.set_alias(alias);
    request.set_force(force);
    v1::UnloadModelResponse response;
    return FromGrpc(stub_->UnloadModel(&context, request, &response));
  }

  absl::StatusOr<v1::VerifyVersionResponse> Verify(int64_t version) {
    grpc::ClientContext context;
    v1::VerifyVersionRequest request;
    request.set_name("m");
    request.set_version(version);
    v1::VerifyVersionResponse response;
    const absl::Status status = FromGrpc(stub_->VerifyVersion(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }
};

TEST_F(ModelStoreServiceTest, ListsAndGetsVersionsInEveryState) {
  EXPECT_THAT(States(), IsEmpty());
  Upload("m", first_);
  Upload("m", second_);
  EXPECT_THAT(States(), ElementsAre("m/2 READY", "m/1 UNLOADED"));
  EXPECT_TRUE(List().models(0).is_default());
  EXPECT_EQ(List().models(0).max_sequence_tokens(), 7);
  EXPECT_EQ(List().models(0).memory_bytes(), FakeHost::kMemoryBytes);
  EXPECT_EQ(List().models(0).created().seconds(), absl::ToUnixSeconds(clock_.Now()));

  STA_ASSERT_OK_AND_ASSIGN(const v1::GetModelResponse newest, Get("m", 0));
  EXPECT_EQ(newest.model().version(), 2);
  EXPECT_EQ(newest.provenance().count("tool"), 1u);
  STA_ASSERT_OK_AND_ASSIGN(const v1::GetModelResponse older, Get("m", 1));
  EXPECT_EQ(older.model().state(), v1::MODEL_STATE_UNLOADED);
}

TEST_F(ModelStoreServiceTest, TellsWhyAVersionFailed) {
  host_.Fail("load m/1", absl::DataLossError("a tensor is missing"));
  Upload("m", first_);
  STA_ASSERT_OK_AND_ASSIGN(const v1::GetModelResponse failed, Get("m", 1));
  EXPECT_EQ(failed.model().state(), v1::MODEL_STATE_FAILED);
  EXPECT_THAT(failed.model().reason(), HasSubstr("a tensor is missing"));
}

TEST_F(ModelStoreServiceTest, GetRefusesWhatThereIsNot) {
  Upload("m", first_);
  EXPECT_THAT(Get("other", 0), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Get("m", 7), StatusIs(StatusCode::kNotFound, HasSubstr("version 7")));
  EXPECT_THAT(Get("m", 0, "canary"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Get("m", -1), StatusIs(StatusCode::kInvalidArgument, HasSubstr("-1")));
  EXPECT_THAT(Get("m", 1, "canary"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Get("m", 0, "1"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Get("", 0), StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(ModelStoreServiceTest, AnAliasMovesAndRollsBack) {
  Upload("m", first_);
  Upload("m", second_);
  STA_ASSERT_OK_AND_ASSIGN(v1::SetAliasResponse change, SetAlias(Alias("prod", 2)));
  EXPECT_EQ(change.previous_version(), 0);
  STA_ASSERT_OK_AND_ASSIGN(change, SetAlias(Alias("prod", 1)));
  EXPECT_EQ(change.previous_version(), 2);
  EXPECT_EQ(change.version(), 1);
  EXPECT_THAT(States(), ElementsAre("m/2 READY", "m/1 READY prod"));
  v1::SetAliasRequest back = Alias("prod", 0);
  back.set_roll_back(true);
  STA_ASSERT_OK_AND_ASSIGN(change, SetAlias(back));
  EXPECT_EQ(change.version(), 2);
  STA_ASSERT_OK_AND_ASSIGN(const v1::GetModelResponse named, Get("m", 0, "prod"));
  EXPECT_EQ(named.model().version(), 2);

  grpc::ClientContext context;
  v1::DeleteAliasRequest request;
  request.set_name("m");
  request.set_alias("prod");
  v1::DeleteAliasResponse response;
  EXPECT_THAT(FromGrpc(stub_->DeleteAlias(&context, request, &response)), IsOk());
  EXPECT_THAT(Get("m", 0, "prod"), StatusIs(StatusCode::kNotFound));
}

TEST_F(ModelStoreServiceTest, RefusesAliasesThatCannotBeSet) {
  Upload("m", first_);
  EXPECT_THAT(SetAlias(Alias("prod", 0)),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("version: 0 is none")));
  EXPECT_THAT(SetAlias(Alias("prod", -3)), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(SetAlias(Alias("prod", 2)), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(SetAlias(Alias("1", 1)), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(SetAlias(Alias("../x", 1)), StatusIs(StatusCode::kInvalidArgument));
  v1::SetAliasRequest request = Alias("prod", 1);
  request.set_roll_back(true);
  EXPECT_THAT(SetAlias(request), StatusIs(StatusCode::kInvalidArgument, HasSubstr("roll_back")));
  request = Alias("prod", 1);
  request.set_expected_version(-1);
  EXPECT_THAT(SetAlias(request), StatusIs(StatusCode::kInvalidArgument));
  request.set_expected_version(4);
  EXPECT_THAT(SetAlias(request), StatusIs(StatusCode::kAborted));
  request.set_expected_version(0);
  EXPECT_THAT(SetAlias(request), IsOk());
  EXPECT_THAT(SetAlias(request), StatusIs(StatusCode::kAborted));
}

TEST_F(ModelStoreServiceTest, AnAliasDoesNotMoveToAVersionThatFails) {
  Upload("m", first_);
  ASSERT_THAT(SetAlias(Alias("prod", 1)), IsOk());
  host_.Fail("warm beside others m/2", absl::InternalError("wrong answers"));
  Upload("m", second_);
  EXPECT_THAT(SetAlias(Alias("prod", 2)),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("wrong answers")));
  EXPECT_THAT(States(), ElementsAre("m/2 FAILED", "m/1 READY prod"));
}

TEST_F(ModelStoreServiceTest, DeletesAVersionUnlessAnAliasNamesIt) {
  Upload("m", first_);
  ASSERT_THAT(SetAlias(Alias("prod", 1)), IsOk());
  EXPECT_THAT(Delete(1),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("an alias names model")));
  EXPECT_THAT(Delete(2), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Delete(0), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Delete(1, /*force=*/true), IsOk());
  EXPECT_THAT(States(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "m" / "1"));
}

TEST_F(ModelStoreServiceTest, LoadsAndUnloads) {
  Upload("m", first_);
  Upload("m", second_);
  EXPECT_THAT(Load("m", 1), IsOk());
  EXPECT_THAT(States(), ElementsAre("m/2 READY", "m/1 READY"));
  EXPECT_THAT(Unload(1), IsOk());
  EXPECT_THAT(Unload(2), IsOk());
  EXPECT_THAT(States(), ElementsAre("m/2 UNLOADED", "m/1 UNLOADED"));
  STA_ASSERT_OK_AND_ASSIGN(const v1::LoadModelResponse newest, Load("m"));
  EXPECT_EQ(newest.model().version(), 2);
  EXPECT_EQ(newest.model().state(), v1::MODEL_STATE_READY);
  ASSERT_THAT(SetAlias(Alias("prod", 2)), IsOk());
  EXPECT_THAT(Unload(0, "prod"),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("an alias names model")));
  EXPECT_THAT(Unload(0, "prod", /*force=*/true), IsOk());
  EXPECT_THAT(Load("m", 0, "prod"), IsOk());
}

TEST_F(ModelStoreServiceTest, RefusesLoadsThatCannotBe) {
  Upload("m", first_);
  EXPECT_THAT(Load("other"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Load("m", 2), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Load(""), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Unload(0), StatusIs(StatusCode::kInvalidArgument, HasSubstr("version: 0 is none")));
  EXPECT_THAT(Unload(2), StatusIs(StatusCode::kNotFound));
  host_.Fail("load m/1", absl::DataLossError("a tensor is missing"));
  EXPECT_THAT(Unload(1), IsOk());
  EXPECT_THAT(Load("m", 1),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("a tensor is missing")));
}

TEST_F(ModelStoreServiceTest, VerifiesTheBytesOfAVersion) {
  Upload("m", first_);
  STA_ASSERT_OK_AND_ASSIGN(const v1::VerifyVersionResponse sound, Verify(1));
  EXPECT_EQ(sound.error(), "");
  EXPECT_EQ(sound.model().version(), 1);
  EXPECT_GE(sound.verified_bytes(), first_.FileBytes());
  const std::filesystem::path file = directory_.path() / "m" / "1" / "encoder.safetensors";
  std::filesystem::remove(file);
  std::ofstream(file) << "encoder fIrst";
  STA_ASSERT_OK_AND_ASSIGN(const v1::VerifyVersionResponse damaged, Verify(1));
  EXPECT_THAT(damaged.error(), HasSubstr("encoder.safetensors"));
  EXPECT_THAT(Verify(2), StatusIs(StatusCode::kNotFound));
}

TEST_F(ModelStoreServiceTest, ListsAndAbortsUploads) {
  const v1::UploadStatus upload = Start("m", first_);
  v1::ListUploadsResponse uploads;
  {
    grpc::ClientContext context;
    EXPECT_THAT(FromGrpc(stub_->ListUploads(&context, {}, &uploads)), IsOk());
  }
  ASSERT_EQ(uploads.uploads_size(), 1);
  EXPECT_EQ(uploads.uploads(0).upload_id(), upload.upload_id());
  v1::AbortUploadRequest request;
  request.set_upload_id(upload.upload_id());
  v1::AbortUploadResponse response;
  {
    grpc::ClientContext context;
    EXPECT_THAT(FromGrpc(stub_->AbortUpload(&context, request, &response)), IsOk());
  }
  grpc::ClientContext context;
  EXPECT_THAT(FromGrpc(stub_->AbortUpload(&context, request, &response)),
              StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(GetUpload(upload), StatusIs(StatusCode::kNotFound));
}

}  // namespace
}  // namespace sta
