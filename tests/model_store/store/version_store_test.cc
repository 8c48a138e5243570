// SPDX-License-Identifier: Apache-2.0
#include "tests/model_store/store/version_store_test.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(VersionStoreTest, VersionsShareEqualFiles) {
  Upload(FakePackage("1"));
  const int64_t one = store_->StoreBytes();
  const UploadStatus second = Start(FakePackage("2"));
  EXPECT_EQ(second.version, 2);
  EXPECT_THAT(second.files, ElementsAre(UploadFileStatus{"config.json", 2, 2},
                                        UploadFileStatus{"embeddings.safetensors", 14, 14},
                                        UploadFileStatus{"encoder.safetensors", 9, 0}));
  ASSERT_THAT(SendFakePackage(*store_, second, FakePackage("2")), IsOk());
  ASSERT_THAT(store_->FinishUpload(second.id), IsOk());
  EXPECT_EQ(store_->StoreBytes(), one + 9 + std::ssize(FakePackage("2").Manifest()));
  EXPECT_THAT(files_->Stat("/s/m/1/embeddings.safetensors")->link_count, 3);
  EXPECT_THAT(files_->Stat("/s/m/2/encoder.safetensors")->link_count, 2);

  ASSERT_THAT(store_->DeleteVersion("m", 1, false), IsOk());
  EXPECT_THAT(files_->Stat("/s/m/2/embeddings.safetensors")->link_count, 2);
  EXPECT_THAT(Garbage(), SizeIs(3));
  EXPECT_EQ(store_->StoreBytes(), one);
}

TEST_F(VersionStoreTest, VersionsOfOtherMeansAreTakenWhenTheyAreWhole) {
  FakePackage package("x");
  files_->PutFile("/s/n/7/manifest.json", package.Manifest());
  ASSERT_THAT(store_->Rescan(), IsOk());
  EXPECT_THAT(Versions("n"), IsEmpty());
  ASSERT_THAT(store_->Snapshot()->skipped, SizeIs(1));
  EXPECT_EQ(store_->Snapshot()->skipped[0].path, "n/7");
  EXPECT_THAT(store_->Snapshot()->skipped[0].reason, HasSubstr("'config.json' is missing"));
  PutPackage("/s/n/7", package);
  const auto before = store_->Snapshot();
  ASSERT_THAT(store_->Rescan(), IsOk());
  EXPECT_THAT(Versions("n"), ElementsAre(7));
  EXPECT_FALSE(store_->Snapshot()->versions[0].uploaded);
  EXPECT_THAT(store_->Snapshot()->skipped, IsEmpty());
  const auto now = store_->Snapshot();
  EXPECT_NE(before, now);
  ASSERT_THAT(store_->Rescan(), IsOk());
  EXPECT_EQ(store_->Snapshot(), now);

  EXPECT_EQ(Upload(package, {"n"}).version, 7);           // by its digest
  EXPECT_EQ(Upload(FakePackage("y"), {"n"}).version, 8);  // the next number
  EXPECT_THAT(files_->Stat("/s/n/7/config.json")->link_count, 1);
  files_->RemoveAll("/s/n/7");
  ASSERT_THAT(store_->Rescan(), IsOk());
  EXPECT_THAT(Versions("n"), ElementsAre(8));
}

TEST_F(VersionStoreTest, AFileThatShrinksTakesItsVersionOut) {
  PutPackage("/s/n/7", FakePackage());
  ASSERT_THAT(store_->Rescan(), IsOk());
  clock_.Advance(absl::Seconds(1));
  files_->PutFile("/s/n/7/config.json", "{");
  ASSERT_THAT(store_->Rescan(), IsOk());
  EXPECT_THAT(Versions("n"), IsEmpty());
  EXPECT_THAT(store_->Snapshot()->skipped[0].reason, HasSubstr("has 1 bytes, the manifest says 2"));
}

TEST_F(VersionStoreTest, ADiskThatCannotBeReadTakesNothingOut) {
  PutPackage("/s/n/7", FakePackage());
  ASSERT_THAT(store_->Rescan(), IsOk());
  for (int64_t call = 1;; ++call) {
    files_->SetFault({FaultKind::kErrorsOn, files_->calls() + call, EMFILE});
    store_->Rescan().IgnoreError();
    const bool was_struck = !files_->struck().empty();
    files_->SetFault({});
    EXPECT_THAT(Versions("n"), ElementsAre(7)) << "call " << call;
    if (!was_struck) break;
  }
}

TEST_F(VersionStoreTest, APartialVersionIsNeverReplaced) {
  files_->PutFile("/s/m/1/config.json", "theirs");
  ASSERT_THAT(store_->Rescan(), IsOk());
  EXPECT_THAT(
      store_->StartUpload({.name = "m", .version = 1, .manifest = FakePackage().Manifest()}),
      StatusIs(StatusCode::kAlreadyExists, HasSubstr("not whole")));
  const UploadStatus upload = Start(FakePackage());
  EXPECT_EQ(upload.version, 2);
  files_->PutFile("/s/m/2/config.json", "theirs");
  ASSERT_THAT(SendFakePackage(*store_, upload, FakePackage()), IsOk());
  EXPECT_THAT(store_->FinishUpload(upload.id), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_EQ(files_->Tree()["/s/m/2/config.json"], "theirs");
}

TEST_F(VersionStoreTest, AliasesMoveAndRollBackDurably) {
  Upload(FakePackage("1"));
  Upload(FakePackage("2"));
  EXPECT_THAT(store_->SetAlias("m", "prod", 3, std::nullopt), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(store_->SetAlias("x", "prod", 1, std::nullopt), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(store_->RollBackAlias("m", "prod", std::nullopt), StatusIs(StatusCode::kNotFound));
  ASSERT_THAT(store_->SetAlias("m", "prod", 1, 0), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const AliasChange moved, store_->SetAlias("m", "prod", 2, 1));
  EXPECT_EQ(moved.previous, 1);
  EXPECT_THAT(store_->SetAlias("m", "prod", 1, 1), StatusIs(StatusCode::kAborted));
  CutPower();
  EXPECT_EQ(*store_->Snapshot()->FindAlias("m", "prod"), (AliasInfo{2, 1}));
  STA_ASSERT_OK_AND_ASSIGN(const AliasChange back, store_->RollBackAlias("m", "prod", 2));
  EXPECT_EQ(back.version, 1);
  CutPower();
  EXPECT_EQ(*store_->Snapshot()->FindAlias("m", "prod"), (AliasInfo{1, 2}));
  ASSERT_THAT(store_->DeleteAlias("m", "prod"), IsOk());
  EXPECT_THAT(store_->DeleteAlias("m", "prod"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(store_->DeleteAlias("../../m", "prod"), StatusIs(StatusCode::kNotFound));
  CutPower();
  EXPECT_EQ(store_->Snapshot()->FindAlias("m", "prod"), nullptr);
}

TEST_F(VersionStoreTest, ADeletedVersionIsGoneWithItsNumber) {
  Upload(FakePackage("1"));
  Upload(FakePackage("2"));
  ASSERT_THAT(store_->SetAlias("m", "prod", 2, std::nullopt), IsOk());
  EXPECT_THAT(store_->DeleteVersion("m", 2, false),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("alias 'prod'")));
  EXPECT_THAT(store_->DeleteVersion("m", 3, true), StatusIs(StatusCode::kNotFound));
  ASSERT_THAT(store_->DeleteVersion("m", 2, true), IsOk());
  CutPower();
  EXPECT_THAT(Versions(), ElementsAre(1));
  EXPECT_EQ(store_->Snapshot()->FindAlias("m", "prod"), nullptr);
  EXPECT_THAT(
      store_->StartUpload({.name = "m", .version = 2, .manifest = FakePackage("2").Manifest()}),
      StatusIs(StatusCode::kAlreadyExists, HasSubstr("was deleted")));
  EXPECT_EQ(Upload(FakePackage("2")).version, 3);
  ASSERT_THAT(store_->DeleteVersion("m", 1, false), IsOk());
  ASSERT_THAT(store_->DeleteVersion("m", 3, false), IsOk());
  EXPECT_THAT(Garbage(), IsEmpty());
  EXPECT_FALSE(files_->Tree().contains("/s/m/"));
  EXPECT_EQ(store_->StoreBytes(), 0);
}

TEST_F(VersionStoreTest, AFullDiskCanBeMadeRoomOn) {
  Upload(FakePackage("1"));
  files_->SetCapacity(1);
  EXPECT_THAT(store_->SetAlias("m", "prod", 1, std::nullopt),
              StatusIs(StatusCode::kResourceExhausted));
  ASSERT_THAT(store_->DeleteVersion("m", 1, false), IsOk());
  EXPECT_THAT(Versions(), IsEmpty());
  files_->SetCapacity(1'000'000);
  CutPower();
  EXPECT_THAT(Versions(), IsEmpty());
  EXPECT_EQ(Upload(FakePackage("1")).version, 2);
}

TEST_F(VersionStoreTest, VerifyFindsDamageAndStopsSharingIt) {
  const FakePackage package("1");
  const VersionInfo version = Upload(package);
  STA_ASSERT_OK_AND_ASSIGN(VerifyReport report, store_->Verify("m", 1));
  EXPECT_EQ(report.error, "");
  EXPECT_EQ(report.verified_bytes, package.FileBytes());
  files_->PutFile("/s/m/1/config.json", "[]");
  STA_ASSERT_OK_AND_ASSIGN(report, store_->Verify("m", 1));
  EXPECT_THAT(report.error, HasSubstr("file 'config.json' is damaged"));
  EXPECT_THAT(store_->Verify("m", 2), StatusIs(StatusCode::kNotFound));
  const UploadStatus again = Start(package, {"m", 0, "again"});
  EXPECT_EQ(again.files[0].received_bytes, 0);
  EXPECT_EQ(again.files[1].received_bytes, 14);
}

TEST_F(VersionStoreTest, SecondServersAreRefusedUnlessTheyOnlyRead) {
  EXPECT_THAT(VersionStore::Open("/s", {}, *files_, clock_, AcceptPackage),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("in use")));
  STA_ASSERT_OK_AND_ASSIGN(
      const std::unique_ptr<VersionStore> reader,
      VersionStore::Open("/s", {.read_only = true}, *files_, clock_, AcceptPackage));
  EXPECT_TRUE(reader->read_only());
  Upload(FakePackage());
  ASSERT_THAT(store_->SetAlias("m", "prod", 1, std::nullopt), IsOk());
  ASSERT_THAT(reader->Rescan(), IsOk());
  ASSERT_THAT(reader->Snapshot()->versions, SizeIs(1));
  EXPECT_TRUE(reader->Snapshot()->versions[0].uploaded);
  EXPECT_NE(reader->Snapshot()->FindAlias("m", "prod"), nullptr);
  const auto read_only = StatusIs(StatusCode::kFailedPrecondition, "the store is read-only");
  EXPECT_THAT(reader->StartUpload({.name = "m", .manifest = FakePackage("2").Manifest()}),
              read_only);
  EXPECT_THAT(reader->SetAlias("m", "prod", 1, std::nullopt), read_only);
  EXPECT_THAT(reader->RollBackAlias("m", "prod", std::nullopt), read_only);
  EXPECT_THAT(reader->DeleteAlias("m", "prod"), read_only);
  EXPECT_THAT(reader->DeleteVersion("m", 1, true), read_only);
  EXPECT_THAT(reader->CollectGarbage(), IsOk());
}

TEST_F(VersionStoreTest, ADamagedRecordIsReported) {
  Upload(FakePackage());
  store_.reset();
  files_->PutFile("/s/.sta/models/m.json", "{}");
  EXPECT_THAT(VersionStore::Open("/s", {}, *files_, clock_, AcceptPackage),
              StatusIs(StatusCode::kDataLoss, HasSubstr("m.json")));
}

}  // namespace
}  // namespace sta
