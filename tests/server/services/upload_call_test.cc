// SPDX-License-Identifier: Apache-2.0
//
// Upload streams over gRPC, of good clients and of others.
#include "server/services/upload_call.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/server/services/store_service_fixture.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

class UploadCallTest : public StoreServiceTest {
 protected:
  using StoreServiceTest::StoreServiceTest;

  int64_t ReceivedOf(const v1::UploadStatus& upload, const std::string& file) {
    const absl::StatusOr<v1::UploadStatus> status = GetUpload(upload);
    EXPECT_THAT(status, IsOk());
    for (const v1::UploadFile& entry : status->files()) {
      if (entry.name() == file) return entry.received_bytes();
    }
    ADD_FAILURE() << "there is no file " << file;
    return -1;
  }

  // Lets time pass until a stream has ended with this code. A stream that is about to wait for its
  // client may not have begun to when time passes, so it passes again.
  void LetTimePassUntil(const std::string& code) {
    const std::string sample = "code=\"" + code + "\",model=\"\",rpc=\"Upload\"";
    while (metrics_.Text().find(sample) == std::string::npos) {
      clock_.Advance(absl::Seconds(61));
      List();  // takes a moment
    }
  }
};

TEST_F(UploadCallTest, StoresAVersionAndServesIt) {
  const v1::UploadStatus upload = Start("m", first_);
  EXPECT_EQ(upload.name(), "m");
  EXPECT_EQ(upload.version(), 1);
  EXPECT_EQ(upload.files_size(), 3);
  EXPECT_EQ(upload.size_bytes(), first_.FileBytes());
  EXPECT_EQ(upload.received_bytes(), 0);
  EXPECT_GT(upload.expires().seconds(), upload.started().seconds());

  STA_ASSERT_OK_AND_ASSIGN(const v1::ModelVersion stored, Send(upload, first_));
  EXPECT_EQ(stored.name(), "m");
  EXPECT_EQ(stored.version(), 1);
  EXPECT_EQ(stored.digest().size(), 64u);
  manager_->WaitUntilIdleForTest();
  ASSERT_EQ(List().models_size(), 1);
  EXPECT_EQ(List().models(0).state(), v1::MODEL_STATE_READY);
  EXPECT_EQ(List().models(0).digest(), stored.digest());

  EXPECT_THAT(GetUpload(upload), StatusIs(StatusCode::kNotFound));
  const std::string page = metrics_.Text();
  EXPECT_THAT(page, HasSubstr("sta_uploads_total{result=\"stored\"} 1"));
  EXPECT_THAT(page, HasSubstr(StrCat("sta_upload_bytes_total ", first_.FileBytes())));
  EXPECT_THAT(page, HasSubstr("sta_uploads_open 0"));
  EXPECT_THAT(page, HasSubstr("sta_store_versions 1"));
}

// The acknowledgement of the first was lost, say.
TEST_F(UploadCallTest, ARetryFindsTheVersion) {
  Upload("m", first_);
  STA_ASSERT_OK_AND_ASSIGN(const v1::StartUploadResponse again, TryStart("m", first_));
  EXPECT_FALSE(again.has_upload());
  EXPECT_EQ(again.model().version(), 1);
  EXPECT_EQ(again.model().state(), v1::MODEL_STATE_READY);
  EXPECT_THAT(metrics_.Text(), HasSubstr("sta_uploads_total{result=\"existing\"} 1"));
}

TEST_F(UploadCallTest, AKeyStandsForOneContent) {
  EXPECT_THAT(Send(Start("m", first_, "key"), first_), IsOk());
  EXPECT_THAT(TryStart("m", second_, "key"), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_THAT(metrics_.Text(), HasSubstr("sta_uploads_total{result=\"refused\"} 1"));
}

// What the other model has already is not sent again; where that is all, nothing is.
TEST_F(UploadCallTest, AnUploadThatLacksNothingIsStoredByAnEmptyStream) {
  Upload("m", first_);
  const v1::UploadStatus upload = Start("other", first_);
  EXPECT_EQ(upload.received_bytes(), upload.size_bytes());
  EXPECT_THAT(SendMessages(upload, {}), IsOk());
}

TEST_F(UploadCallTest, ResumesAfterAStreamThatEndedEarly) {
  const v1::UploadStatus upload = Start("m", first_);
  EXPECT_THAT(
      SendMessages(upload, {Chunk(kEncoder, 0, "enc"), Chunk("config.json", 0, "{}")}),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("when 5 of 29 bytes were there")));
  STA_ASSERT_OK_AND_ASSIGN(const v1::UploadStatus rest, GetUpload(upload));
  EXPECT_EQ(rest.received_bytes(), 5);
  EXPECT_EQ(ReceivedOf(upload, kEncoder), 3);
  EXPECT_THAT(Send(rest, first_), IsOk());
}

TEST_F(UploadCallTest, KeepsWhatAClientSentBeforeItVanished) {
  const v1::UploadStatus upload = Start("m", first_);
  {
    grpc::ClientContext context;
    v1::UploadResponse response;
    const UploadWriter writer = Open(context, response, upload);
    writer->Write(Chunk(kEncoder, 0, "encode"));
    AwaitReceived(upload, 6);
    context.TryCancel();
    EXPECT_THAT(FromGrpc(writer->Finish()), StatusIs(StatusCode::kCancelled));
  }
  STA_ASSERT_OK_AND_ASSIGN(const v1::UploadStatus rest, GetUpload(upload));
  EXPECT_EQ(rest.received_bytes(), 6);
  EXPECT_THAT(Send(rest, first_), IsOk());
}

TEST_F(UploadCallTest, RefusesAChunkWithAWrongChecksum) {
  const v1::UploadStatus upload = Start("m", first_);
  v1::UploadRequest damaged = Chunk(kEncoder, 0, "encoder");
  damaged.set_data("encodes");
  EXPECT_THAT(SendMessages(upload, {damaged}),
              StatusIs(StatusCode::kDataLoss, HasSubstr("CRC32C")));
  EXPECT_EQ(ReceivedOf(upload, kEncoder), 0);
  EXPECT_THAT(Send(upload, first_), IsOk());
}

TEST_F(UploadCallTest, RefusesAFileWithAWrongHashAndDropsIt) {
  const v1::UploadStatus upload = Start("m", first_);
  EXPECT_THAT(
      SendMessages(upload, {Chunk("config.json", 0, "{}"), Chunk(kEncoder, 0, "encoder fIrst")}),
      StatusIs(StatusCode::kDataLoss, HasSubstr("SHA-256")));
  EXPECT_EQ(ReceivedOf(upload, kEncoder), 0);
  EXPECT_EQ(ReceivedOf(upload, "config.json"), 2);
  STA_ASSERT_OK_AND_ASSIGN(const v1::UploadStatus rest, GetUpload(upload));
  EXPECT_THAT(Send(rest, first_), IsOk());
}

TEST_F(UploadCallTest, RefusesChunksThatAreNotWhereTheyShouldBe) {
  const v1::UploadStatus upload = Start("m", first_);
  for (const int64_t offset : {int64_t{-1}, int64_t{1}, int64_t{1} << 62}) {
    EXPECT_THAT(SendMessages(upload, {Chunk(kEncoder, offset, "x")}),
                StatusIs(StatusCode::kOutOfRange, HasSubstr("0")));
  }
  EXPECT_THAT(SendMessages(upload, {Chunk(kEncoder, 0, "enc"), Chunk(kEncoder, 2, "oder")}),
              StatusIs(StatusCode::kOutOfRange, HasSubstr("3")));
}

TEST_F(UploadCallTest, RefusesMoreThanAFileHas) {
  const v1::UploadStatus upload = Start("m", first_);
  EXPECT_THAT(SendMessages(upload, {Chunk(kEncoder, 0, "encoder first and more")}),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(ReceivedOf(upload, kEncoder), 0);
}

TEST_F(UploadCallTest, RefusesFilesThatTheManifestDoesNotHave) {
  const v1::UploadStatus upload = Start("m", first_);
  for (const std::string file : {"other.txt", "manifest.json", "../m/1/config.json", "/etc/passwd",
                                 ".", "..", "encoder.safetensors/", "./config.json"}) {
    EXPECT_THAT(SendMessages(upload, {Chunk(file, 0, "x")}),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("file")))
        << file;
  }
}

TEST_F(UploadCallTest, RefusesNamesThatAreNone) {
  for (const std::string name :
       {"", ".", "..", "../m", "a/b", "/m", ".sta", "m\n", "m\xcc\x81", "modèle",
        "a\xe2\x80\xae"
        "b",
        "x y"}) {
    EXPECT_THAT(TryStart(name, first_), StatusIs(StatusCode::kInvalidArgument)) << name;
  }
  EXPECT_THAT(TryStart(std::string(129, 'm'), first_), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(store_->ListUploads(), testing::IsEmpty());
}

TEST_F(UploadCallTest, RefusesManifestsThatAreNone) {
  struct Case {
    std::string name;
    std::string manifest;
  };
  const std::string good = first_.Manifest();
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string bad = good;
    const size_t at = bad.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? bad : bad.replace(at, from.size(), to);
  };
  for (const Case& bad : {Case{"empty", ""}, Case{"no JSON", "{"}, Case{"another JSON", "[]"},
                          Case{"a path", with("config.json", "../../evil")},
                          Case{"a hidden file", with("config.json", ".hidden")},
                          Case{"the manifest itself", with("config.json", "manifest.json")},
                          Case{"over 4 MiB", good + std::string((4 << 20) + 1, ' ')}}) {
    SCOPED_TRACE(bad.name);
    v1::StartUploadRequest request;
    request.set_name("m");
    request.set_manifest(bad.manifest);
    EXPECT_THAT(TryStart(request), StatusIs(StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(store_->ListUploads(), testing::IsEmpty());
}

TEST_F(UploadCallTest, RefusesAPackageThatIsNotSound) {
  FakePackage unsound("bad");
  unsound.files[kUnsoundFile] = "x";
  const v1::UploadStatus upload = Start("m", unsound);
  EXPECT_THAT(Send(upload, unsound),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("the package is not sound")));
  EXPECT_THAT(GetUpload(upload), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(List().models_size(), 0);
  EXPECT_THAT(metrics_.Text(), HasSubstr("sta_uploads_total{result=\"failed\"} 1"));
}

TEST_F(UploadCallTest, RefusesStreamsOfUploadsThatThereAreNot) {
  v1::UploadStatus upload;
  for (const std::string id : {"nothing", "../x", "0"}) {
    upload.set_upload_id(id);
    EXPECT_THAT(SendMessages(upload, {}), StatusIs(StatusCode::kNotFound)) << id;
  }
  upload.set_upload_id("");
  EXPECT_THAT(SendMessages(upload, {}), StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(UploadCallTest, AStreamThatIsSilentIsEndedAndWhatCameIsKept) {
  const v1::UploadStatus upload = Start("m", first_);
  grpc::ClientContext context;
  v1::UploadResponse response;
  const UploadWriter writer = Open(context, response, upload);
  writer->Write(Chunk(kEncoder, 0, "enc"));
  AwaitReceived(upload, 3);
  LetTimePassUntil("DEADLINE_EXCEEDED");
  EXPECT_THAT(FromGrpc(writer->Finish()), StatusIs(StatusCode::kDeadlineExceeded,
                                                   HasSubstr("less than 65536 bytes came in 1m")));
  STA_ASSERT_OK_AND_ASSIGN(const v1::UploadStatus rest, GetUpload(upload));
  EXPECT_EQ(rest.received_bytes(), 3);
  EXPECT_THAT(Send(rest, first_), IsOk());
}

TEST_F(UploadCallTest, AStreamThatNeverBeginsIsEnded) {
  grpc::ClientContext context;
  v1::UploadResponse response;
  const UploadWriter writer = stub_->Upload(&context, &response);
  LetTimePassUntil("DEADLINE_EXCEEDED");
  EXPECT_THAT(FromGrpc(writer->Finish()), StatusIs(StatusCode::kDeadlineExceeded));
}

TEST_F(UploadCallTest, ANewStreamTakesTheUploadOver) {
  const v1::UploadStatus upload = Start("m", first_);
  grpc::ClientContext context;
  v1::UploadResponse response;
  const UploadWriter older = Open(context, response, upload);
  older->Write(Chunk(kEncoder, 0, "enc"));
  AwaitReceived(upload, 3);
  STA_ASSERT_OK_AND_ASSIGN(const v1::UploadStatus rest, GetUpload(upload));
  EXPECT_THAT(Send(rest, first_), IsOk());
  EXPECT_THAT(FromGrpc(older->Finish()),
              StatusIs(StatusCode::kAborted, HasSubstr("another stream has taken")));
}

TEST_F(UploadCallTest, AStreamOfAnUploadThatIsGivenUpEnds) {
  const v1::UploadStatus upload = Start("m", first_);
  grpc::ClientContext context;
  v1::UploadResponse response;
  const UploadWriter writer = Open(context, response, upload);
  writer->Write(Chunk(kEncoder, 0, "enc"));
  AwaitReceived(upload, 3);
  {
    grpc::ClientContext abort_context;
    v1::AbortUploadRequest request;
    request.set_upload_id(upload.upload_id());
    v1::AbortUploadResponse abort_response;
    EXPECT_THAT(FromGrpc(stub_->AbortUpload(&abort_context, request, &abort_response)), IsOk());
  }
  writer->Write(Chunk(kEncoder, 3, "oder"));
  EXPECT_THAT(FromGrpc(writer->Finish()), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(metrics_.Text(), HasSubstr("sta_uploads_total{result=\"aborted\"} 1"));
}

TEST_F(UploadCallTest, StreamsEndWhenTheServerDrainsNowAndToCome) {
  const v1::UploadStatus upload = Start("m", first_);
  grpc::ClientContext context;
  v1::UploadResponse response;
  const UploadWriter writer = Open(context, response, upload);
  writer->Write(Chunk(kEncoder, 0, "enc"));
  AwaitReceived(upload, 3);
  service_->Close();
  EXPECT_THAT(FromGrpc(writer->Finish()),
              StatusIs(StatusCode::kUnavailable, "the server is shutting down"));
  EXPECT_THAT(SendMessages(upload, {}), StatusIs(StatusCode::kUnavailable));
  STA_ASSERT_OK_AND_ASSIGN(const v1::UploadStatus rest, GetUpload(upload));
  EXPECT_EQ(rest.received_bytes(), 3);
}

class UploadBoundsTest : public UploadCallTest {
 protected:
  UploadBoundsTest()
      : UploadCallTest({.uploads = {.kind = "uploads", .most = 8, .most_of_a_client = 4},
                        .most_open_uploads_of_a_client = 5},
                       {.max_model_bytes = 10'000}) {}
};

TEST_F(UploadBoundsTest, OneClientHasAShareOfTheStreams) {
  const v1::UploadStatus upload = Start("m", first_);
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<v1::UploadResponse> responses(4);
  std::vector<UploadWriter> streams;
  for (v1::UploadResponse& response : responses) {
    const v1::UploadStatus other = Start(StrCat("other", streams.size()), first_);
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    streams.push_back(Open(*contexts.back(), response, other));
    streams.back()->Write(Chunk(kEncoder, 0, "enc"));
    AwaitReceived(other, 3);
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(SendMessages(upload, {}),
                StatusIs(StatusCode::kResourceExhausted, HasSubstr("you have 4 under way")));
  }
  EXPECT_EQ(List().models_size(), 0);  // others are still served
  contexts.front()->TryCancel();
  streams.front()->Finish();
  while (metrics_.Text().find("code=\"CANCELLED\"") == std::string::npos) List();
  EXPECT_THAT(Send(upload, first_), IsOk());
  for (size_t i = 1; i < streams.size(); ++i) {
    contexts[i]->TryCancel();
    streams[i]->Finish();
  }
}

TEST_F(UploadBoundsTest, OneClientHasAShareOfTheOpenUploads) {
  v1::UploadStatus known;
  int begun = 0;
  for (int i = 0; i < 50; ++i) {
    const absl::StatusOr<v1::StartUploadResponse> started =
        TryStart("m", first_, StrCat("key ", i));
    if (started.ok()) {
      known = started->upload();
      ++begun;
    } else {
      EXPECT_THAT(started, StatusIs(StatusCode::kResourceExhausted, HasSubstr("5 uploads open")));
    }
  }
  EXPECT_EQ(begun, 5);
  EXPECT_EQ(store_->ListUploads().size(), 5u);
  // One that is open is found again, and can be finished, which makes room.
  STA_ASSERT_OK_AND_ASSIGN(const v1::StartUploadResponse again, TryStart("m", first_, "key 4"));
  EXPECT_EQ(again.upload().upload_id(), known.upload_id());
  EXPECT_THAT(Send(known, first_), IsOk());
  EXPECT_THAT(TryStart("m", first_, "key 7"), IsOk());
}

TEST_F(UploadBoundsTest, RefusesAPackageThatIsDeclaredTooLarge) {
  FakePackage large("large");
  large.files["more.bin"] = std::string(10'000, 'x');
  EXPECT_THAT(TryStart("m", large), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_THAT(store_->ListUploads(), testing::IsEmpty());
}

class ReadOnlyUploadTest : public UploadCallTest {
 protected:
  ReadOnlyUploadTest() : UploadCallTest({}, {.read_only = true}) {}
};

TEST_F(ReadOnlyUploadTest, IsRefused) {
  EXPECT_THAT(TryStart("m", first_),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("the store is read-only")));
}

}  // namespace
}  // namespace sta
