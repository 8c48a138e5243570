// SPDX-License-Identifier: Apache-2.0
//
// Export streams over gRPC.
#include "server/services/export_call.h"

#include <string>
#include <utility>
#include <vector>

#include "model_store/package/sha256.h"
#include "tests/server/services/store_service_fixture.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

class ExportCallTest : public StoreServiceTest {
 protected:
  using StoreServiceTest::StoreServiceTest;

  static v1::ExportRequest Of(const std::string& name, int64_t version = 0,
                              const std::string& alias = "") {
    v1::ExportRequest request;
    request.set_name(name);
    request.set_version(version);
    request.set_alias(alias);
    return request;
  }

  static Contents ContentsOf(const FakePackage& package) {
    Contents contents = package.files;
    contents["manifest.json"] = package.Manifest();
    return contents;
  }

  // More than what gRPC and the kernel buffer for a reader who takes nothing.
  void UploadLarge() {
    FakePackage large("large");
    large.files["large.bin"] = std::string(kLargeBytes, 'x');
    const v1::UploadStatus upload = Start("large", large);
    grpc::ClientContext context;
    v1::UploadResponse response;
    const UploadWriter writer = Open(context, response, upload);
    for (const auto& [name, content] : large.files) {
      for (size_t at = 0; at < content.size(); at += 4 << 20) {
        writer->Write(Chunk(name, static_cast<int64_t>(at), content.substr(at, 4 << 20)));
      }
    }
    writer->WritesDone();
    EXPECT_THAT(FromGrpc(writer->Finish()), IsOk());
    manager_->WaitUntilIdleForTest();
  }

  static constexpr size_t kLargeBytes = 64 << 20;
};

TEST_F(ExportCallTest, SendsAVersionAsItWasUploaded) {
  Upload("m", first_);
  Upload("m", second_);
  EXPECT_THAT(Export(Of("m", 1)), IsOkAndHolds(ContentsOf(first_)));
  EXPECT_THAT(Export(Of("m")), IsOkAndHolds(ContentsOf(second_)));  // what requests get
}

TEST_F(ExportCallTest, TellsFirstWhatComes) {
  Upload("m", first_);
  grpc::ClientContext context;
  const auto reader = stub_->Export(&context, Of("m"));
  v1::ExportResponse message;
  ASSERT_TRUE(reader->Read(&message));
  EXPECT_EQ(message.file(), "manifest.json");
  EXPECT_EQ(message.model().version(), 1);
  EXPECT_EQ(message.model().state(), v1::MODEL_STATE_READY);
  EXPECT_EQ(message.model().digest(), Sha256Hex(first_.Manifest()));
  ASSERT_TRUE(reader->Read(&message));
  EXPECT_FALSE(message.has_model());
  while (reader->Read(&message)) {
  }
  EXPECT_THAT(FromGrpc(reader->Finish()), IsOk());
}

TEST_F(ExportCallTest, SendsWhatAnAliasNames) {
  Upload("m", first_);
  Upload("m", second_);
  v1::SetAliasRequest request;
  request.set_name("m");
  request.set_alias("canary");
  request.set_version(1);
  ASSERT_THAT(SetAlias(request), IsOk());
  EXPECT_THAT(Export(Of("m", 0, "canary")), IsOkAndHolds(ContentsOf(first_)));
}

TEST_F(ExportCallTest, LeavesOutWhatTheCallerHas) {
  Upload("m", first_);
  v1::ExportRequest request = Of("m");
  request.add_known_sha256(Sha256Hex(first_.files.at("embeddings.safetensors")));
  STA_ASSERT_OK_AND_ASSIGN(const Contents contents, Export(request));
  EXPECT_EQ(contents.count("embeddings.safetensors"), 0u);
  EXPECT_EQ(contents.size(), 3u);
}

TEST_F(ExportCallTest, RefusesWhatThereIsNot) {
  Upload("m", first_);
  EXPECT_THAT(Export(Of("other")), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Export(Of("m", 2)), StatusIs(StatusCode::kNotFound, HasSubstr("version 2")));
  EXPECT_THAT(Export(Of("m", 0, "canary")), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Export(Of("m", -1)), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Export(Of("m", 1, "canary")), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Export(Of("m", 0, "../x")), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Export(Of("")), StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(ExportCallTest, SendsAVersionThatIsDeletedMeanwhile) {
  UploadLarge();
  grpc::ClientContext context;
  const auto reader = stub_->Export(&context, Of("large"));
  v1::ExportResponse message;
  ASSERT_TRUE(reader->Read(&message));
  {
    grpc::ClientContext delete_context;
    v1::DeleteVersionRequest request;
    request.set_name("large");
    request.set_version(1);
    v1::DeleteVersionResponse response;
    EXPECT_THAT(FromGrpc(stub_->DeleteVersion(&delete_context, request, &response)), IsOk());
  }
  size_t large_bytes = 0;
  while (reader->Read(&message)) {
    if (message.file() == "large.bin") large_bytes += message.data().size();
  }
  EXPECT_THAT(FromGrpc(reader->Finish()), IsOk());
  EXPECT_EQ(large_bytes, kLargeBytes);
  EXPECT_THAT(Export(Of("large")), StatusIs(StatusCode::kNotFound));
}

TEST_F(ExportCallTest, AReaderWhoTakesNothingIsEnded) {
  UploadLarge();
  grpc::ClientContext context;
  const auto reader = stub_->Export(&context, Of("large"));
  v1::ExportResponse message;
  ASSERT_TRUE(reader->Read(&message));
  // Time passes again where the server was not yet waiting for the reader.
  while (metrics_.Text().find("code=\"DEADLINE_EXCEEDED\"") == std::string::npos) {
    clock_.Advance(absl::Seconds(61));
    List();
  }
  while (reader->Read(&message)) {
  }
  EXPECT_THAT(FromGrpc(reader->Finish()), StatusIs(StatusCode::kCancelled));
}

TEST_F(ExportCallTest, EndsWhenTheServerDrains) {
  UploadLarge();
  grpc::ClientContext context;
  const auto reader = stub_->Export(&context, Of("large"));
  v1::ExportResponse message;
  ASSERT_TRUE(reader->Read(&message));
  service_->Close();
  while (reader->Read(&message)) {
  }
  EXPECT_THAT(FromGrpc(reader->Finish()),
              StatusIs(StatusCode::kUnavailable, "the server is shutting down"));
}

class ExportBoundsTest : public ExportCallTest {
 protected:
  ExportBoundsTest()
      : ExportCallTest({.exports = {.kind = "exports", .most = 3, .most_of_a_client = 2}}) {}
};

TEST_F(ExportBoundsTest, OneClientHasAShareOfTheStreams) {
  UploadLarge();
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::ExportResponse>>> readers;
  for (int i = 0; i < 2; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.push_back(stub_->Export(contexts.back().get(), Of("large")));
    v1::ExportResponse message;
    ASSERT_TRUE(readers.back()->Read(&message));
  }
  EXPECT_THAT(Export(Of("large")),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("exports: you have 2 under way")));
  for (size_t i = 0; i < readers.size(); ++i) {
    contexts[i]->TryCancel();
    readers[i]->Finish();
  }
}

}  // namespace
}  // namespace sta
