// SPDX-License-Identifier: Apache-2.0
#include "client/store_client.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "checksum/crc32c.h"
#include "tests/support/fake_model_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const grpc::Status kGone(grpc::StatusCode::UNAVAILABLE, "gone");

std::string BytesOf(size_t count, char first) {
  std::string bytes(count, '\0');
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(first + i * 31 % 251);
  return bytes;
}

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class StoreClientTest : public testing::Test {
 protected:
  StoreClientTest() {
    Write("config.json", config_);
    Write("encoder.safetensors", encoder_);
    nlohmann::json manifest;
    manifest["files"]["config.json"]["size_bytes"] = config_.size();
    manifest["files"]["encoder.safetensors"]["size_bytes"] = encoder_.size();
    Write("manifest.json", manifest.dump());
    client_ = *Client::Create({.address = server_.address(), .max_attempts = 1});
  }

  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(package_.path() / name, std::ios::binary) << bytes;
  }

  absl::StatusOr<UploadedModel> Upload(UploadOptions options = {}) {
    options.name = "minilm";
    options.chunk_bytes = 1000;
    options.patience = absl::Seconds(3);
    options.sleep = [&](absl::Duration wait) { slept_ += wait; };
    return StoreClient(*client_).Upload(package_.path(), options,
                                        [&](const UploadProgress& progress) {
                                          last_ = progress;
                                          if (!progress.trouble.empty()) ++troubles_;
                                        });
  }

  const std::string config_ = BytesOf(300, 'a');
  const std::string encoder_ = BytesOf(10500, 'e');
  TemporaryDirectory package_;
  TemporaryDirectory other_;
  FakeModelStore server_;
  std::unique_ptr<Client> client_;
  UploadProgress last_;
  int troubles_ = 0;
  absl::Duration slept_;
};

TEST_F(StoreClientTest, UploadsEveryFileAndTellsHowFarItIs) {
  STA_ASSERT_OK_AND_ASSIGN(const UploadedModel uploaded, Upload());
  EXPECT_EQ(uploaded.model.name, "minilm");
  EXPECT_EQ(uploaded.model.version, 7);
  EXPECT_FALSE(uploaded.existed);
  EXPECT_EQ(uploaded.sent_bytes, 10800);
  EXPECT_EQ(server_.file("config.json"), config_);
  EXPECT_EQ(server_.file("encoder.safetensors"), encoder_);
  EXPECT_EQ(server_.manifest(), Read(package_.path() / "manifest.json"));
  EXPECT_EQ(last_.total_bytes, 10800);
  EXPECT_EQ(last_.stored_bytes, 10800);
  EXPECT_EQ(last_.skipped_bytes, 0);
}

TEST_F(StoreClientTest, SendsOnlyWhatTheServerLacks) {
  server_.AddFile("config.json", config_);
  server_.AddFile("encoder.safetensors", encoder_.substr(0, 4321));
  STA_ASSERT_OK_AND_ASSIGN(const UploadedModel uploaded, Upload());
  EXPECT_EQ(uploaded.sent_bytes, 10500 - 4321);
  EXPECT_EQ(server_.file("encoder.safetensors"), encoder_);
  EXPECT_EQ(last_.skipped_bytes, 4621);
}

TEST_F(StoreClientTest, FinishesAnUploadOfWhichNothingIsMissing) {
  server_.AddFile("config.json", config_);
  server_.AddFile("encoder.safetensors", encoder_);
  STA_ASSERT_OK_AND_ASSIGN(const UploadedModel uploaded, Upload());
  EXPECT_EQ(uploaded.sent_bytes, 0);
  EXPECT_EQ(server_.streams(), 1);
}

TEST_F(StoreClientTest, GoesOnWhereItWasCut) {
  server_.CutStream(4000, kGone);
  server_.CutStream(3000, {grpc::StatusCode::DATA_LOSS, "a bit flipped"});
  STA_ASSERT_OK_AND_ASSIGN(const UploadedModel uploaded, Upload());
  EXPECT_EQ(uploaded.model.version, 7);
  EXPECT_EQ(server_.file("encoder.safetensors"), encoder_);
  EXPECT_EQ(server_.streams(), 3);
  EXPECT_EQ(server_.received_bytes(), 10800);  // nothing that had arrived came twice
  EXPECT_EQ(troubles_, 2);
  EXPECT_GT(slept_, absl::ZeroDuration());
}

TEST_F(StoreClientTest, WaitsForAServerThatIsAway) {
  server_.RefuseStart(kGone, 3);
  EXPECT_THAT(Upload(), IsOk());
  EXPECT_EQ(troubles_, 3);
}

TEST_F(StoreClientTest, GivesUpWhenPatienceIsAtItsEnd) {
  server_.RefuseStart(kGone, 100);
  EXPECT_THAT(Upload(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("gone")));
  EXPECT_GE(slept_, absl::Seconds(3));
  EXPECT_LT(slept_, absl::Seconds(9));
}

TEST_F(StoreClientTest, GivesUpOnDamageThatStays) {
  for (int i = 0; i < 100; ++i) {
    server_.CutStream(0, {grpc::StatusCode::DATA_LOSS, "a bit flipped"});
  }
  server_.AddFile("config.json", config_);
  server_.AddFile("encoder.safetensors", encoder_);  // no stream brings a byte more
  EXPECT_THAT(Upload(), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_LE(server_.streams(), 5);
}

TEST_F(StoreClientTest, DoesNotRepeatWhatIsRefused) {
  server_.RefuseStart({grpc::StatusCode::RESOURCE_EXHAUSTED, "the store is full"}, 1);
  EXPECT_THAT(Upload(),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("the store is full")));
  server_.CutStream(2000, {grpc::StatusCode::RESOURCE_EXHAUSTED, "the disk is full"});
  EXPECT_THAT(Upload(), StatusIs(absl::StatusCode::kResourceExhausted));
  server_.CutStream(2000, {grpc::StatusCode::ABORTED, "another stream took the upload over"});
  EXPECT_THAT(Upload(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(troubles_, 0);
}

TEST_F(StoreClientTest, FindsTheVersionWhoseAnswerGotLost) {
  server_.LoseAnswer();
  STA_ASSERT_OK_AND_ASSIGN(const UploadedModel uploaded, Upload());
  EXPECT_EQ(uploaded.model.version, 7);
  EXPECT_FALSE(uploaded.existed);
  EXPECT_EQ(server_.streams(), 1);
}

TEST_F(StoreClientTest, TellsThatTheVersionWasThere) {
  ASSERT_THAT(Upload(), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const UploadedModel again, Upload());
  EXPECT_TRUE(again.existed);
  EXPECT_EQ(again.sent_bytes, 0);
}

TEST_F(StoreClientTest, ReadsNoFileButThoseOfThePackage) {
  for (const std::string name : {"../secret", "/etc/passwd", ".netrc", ""}) {
    if (name.empty()) continue;
    server_.AskFor(name);
    EXPECT_THAT(Upload(), StatusIs(absl::StatusCode::kInternal, HasSubstr("asks for a file")))
        << name;
  }
  EXPECT_EQ(server_.received_bytes(), 0);
}

TEST_F(StoreClientTest, NamesTheFileThatIsNotWhatTheManifestSays) {
  Write("encoder.safetensors", encoder_.substr(0, 5000));
  EXPECT_THAT(Upload(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                 HasSubstr("has fewer than the 10500 bytes")));
  std::filesystem::remove(package_.path() / "encoder.safetensors");
  EXPECT_THAT(Upload(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("encoder.safetensors")));
  std::filesystem::remove(package_.path() / "manifest.json");
  EXPECT_THAT(Upload(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("manifest.json")));
}

v1::ExportResponse Chunk(const std::string& file, int64_t offset, const std::string& data) {
  v1::ExportResponse chunk;
  chunk.set_file(file);
  chunk.set_offset(offset);
  chunk.set_data(data);
  chunk.set_crc32c(Crc32c(data));
  return chunk;
}

TEST_F(StoreClientTest, ExportsIntoADirectoryThatIsWhole) {
  v1::ExportResponse head;
  head.mutable_model()->set_name("minilm");
  head.mutable_model()->set_version(3);
  server_.SetExport(
      {head, Chunk("manifest.json", 0, "{}"), Chunk("a.bin", 0, "abc"), Chunk("a.bin", 3, "def")});
  const std::filesystem::path output = other_.path() / "deep" / "copy";
  STA_ASSERT_OK_AND_ASSIGN(const ModelVersion model,
                           StoreClient(*client_).Export("minilm", "canary", output, nullptr));
  EXPECT_EQ(model.version, 3);
  EXPECT_EQ(Read(output / "a.bin"), "abcdef");
  EXPECT_EQ(Read(output / "manifest.json"), "{}");
  EXPECT_THAT(server_.requests(), ElementsAre("Export name: \"minilm\" alias: \"canary\""));
  EXPECT_THAT(StoreClient(*client_).Export("minilm", "", output, nullptr),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(StoreClientTest, LeavesNothingOfAnExportThatFails) {
  v1::ExportResponse damaged = Chunk("a.bin", 0, "abc");
  damaged.set_crc32c(1);
  const std::vector<v1::ExportResponse> cases[] = {
      {damaged},
      {Chunk("a.bin", 0, "abc"), Chunk("a.bin", 4, "d")},
      {Chunk("../a.bin", 0, "abc")},
      {Chunk("a.bin", 0, "abc"), Chunk("b.bin", 0, "d"), Chunk("a.bin", 0, "d")},
      {},
  };
  for (const auto& chunks : cases) {
    server_.SetExport(chunks);
    EXPECT_THAT(StoreClient(*client_).Export("minilm", "", other_.path() / "copy", nullptr),
                StatusIs(absl::StatusCode::kDataLoss));
    EXPECT_TRUE(std::filesystem::is_empty(other_.path()));
  }
  server_.SetExport({Chunk("a.bin", 0, "abc")});
  server_.SetStatus(kGone);
  EXPECT_THAT(StoreClient(*client_).Export("minilm", "", other_.path() / "copy", nullptr),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(std::filesystem::is_empty(other_.path()));
}

TEST_F(StoreClientTest, SendsWhatItIsAsked) {
  StoreClient store(*client_);
  STA_ASSERT_OK_AND_ASSIGN(const AliasMove move, store.SetAlias("m", "prod", 3, 2));
  EXPECT_EQ(move.previous_version, 2);
  EXPECT_EQ(move.version, 3);
  STA_ASSERT_OK_AND_ASSIGN(const AliasMove back, store.RollBack("m", "prod"));
  EXPECT_EQ(back.version, 1);
  EXPECT_THAT(store.DeleteAlias("m", "canary"), IsOk());
  EXPECT_THAT(store.DeleteVersion("m", 2, true), IsOk());
  EXPECT_THAT(store.Verify("m", "3"), IsOk());
  EXPECT_THAT(store.Load("m", ""), IsOk());
  EXPECT_THAT(store.Unload("m", "canary", false), IsOk());
  EXPECT_THAT(server_.requests(),
              ElementsAre("SetAlias name: \"m\" alias: \"prod\" version: 3 expected_version: 2",
                          "SetAlias name: \"m\" alias: \"prod\" roll_back: true",
                          "DeleteAlias name: \"m\" alias: \"canary\"",
                          "DeleteVersion name: \"m\" version: 2 force: true",
                          "VerifyVersion name: \"m\" version: 3", "LoadModel name: \"m\"",
                          "UnloadModel name: \"m\" alias: \"canary\""));
  EXPECT_THAT(store.Verify("m", "0"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(store.Verify("m", "3x"), StatusIs(absl::StatusCode::kInvalidArgument));
  server_.SetStatus({grpc::StatusCode::FAILED_PRECONDITION, "prod names it"});
  EXPECT_THAT(store.DeleteVersion("m", 2, false),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("prod names it")));
}

TEST_F(StoreClientTest, WatchesUntilItIsToldToStopOrTheStreamEnds) {
  StoreClient store(*client_);
  std::vector<std::string> states;
  EXPECT_THAT(store.Watch("minilm", "t0",
                          [&](const ModelEvent& event) {
                            states.push_back(event.model.state + " " + event.resume_token);
                            return false;
                          }),
              IsOk());
  EXPECT_THAT(states, ElementsAre("WARMING t1"));
  EXPECT_THAT(server_.requests(), ElementsAre("WatchModels name: \"minilm\" resume_token: \"t0\""));
  server_.SetStatus({grpc::StatusCode::ABORTED, "the token is of another run"});
  EXPECT_THAT(store.Watch("", "old", [](const ModelEvent&) { return true; }),
              StatusIs(absl::StatusCode::kAborted));
}

}  // namespace
}  // namespace sta::client
