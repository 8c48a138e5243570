// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "model_store/package/manifest.h"
#include "model_store/package/sha256.h"
#include "tests/model_store/store/version_store_test.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using VersionStoreUploadTest = VersionStoreTest;

TEST_F(VersionStoreUploadTest, AnUploadBecomesADurableVersion) {
  const FakePackage package("1");
  const VersionInfo version = Upload(package);
  EXPECT_EQ(version.name, "m");
  EXPECT_EQ(version.version, 1);
  EXPECT_EQ(version.path, "/s/m/1");
  EXPECT_EQ(version.digest, Sha256Hex(package.Manifest()));
  EXPECT_EQ(version.size_bytes, package.FileBytes() + std::ssize(package.Manifest()));
  EXPECT_EQ(version.created, clock_.Now());
  EXPECT_TRUE(version.uploaded);
  EXPECT_THAT(store_->Snapshot()->versions, ElementsAre(version));
  EXPECT_THAT(store_->ListUploads(), IsEmpty());

  CutPower();
  EXPECT_THAT(store_->Snapshot()->versions, ElementsAre(version));
  auto tree = files_->Tree();
  for (const auto& [name, bytes] : package.files) EXPECT_EQ(tree["/s/m/1/" + name], bytes);
  EXPECT_EQ(tree["/s/m/1/manifest.json"], package.Manifest());
  EXPECT_THAT(Garbage(), SizeIs(3));  // the blobs of the version
}

TEST_F(VersionStoreUploadTest, WhereNoLinksAreItCopiesAndWarnsOnce) {
  files_->SetHardLinks(false);
  Upload(FakePackage("1"));
  Upload(FakePackage("2"));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("no (more) hard links")));
  CutPower();
  EXPECT_THAT(Versions(), ElementsAre(2, 1));
  EXPECT_EQ(files_->Tree()["/s/m/2/embeddings.safetensors"], "the embeddings");
  EXPECT_THAT(Garbage(), IsEmpty());
}

TEST_F(VersionStoreUploadTest, TheSameUploadIsFoundAgain) {
  const FakePackage package("1");
  const UploadStatus first = Start(package);
  EXPECT_EQ(Start(package).id, first.id);
  ASSERT_THAT(SendFakePackage(*store_, first, package), IsOk());
  ASSERT_THAT(store_->FinishUpload(first.id), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const StartedUpload again,
                           store_->StartUpload({.name = "m", .manifest = package.Manifest()}));
  ASSERT_TRUE(again.existing.has_value());
  EXPECT_EQ(again.existing->version, 1);
  EXPECT_THAT(store_->FinishUpload(first.id), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(
      store_->StartUpload({.name = "m", .version = 1, .manifest = FakePackage("2").Manifest()}),
      StatusIs(StatusCode::kAlreadyExists, HasSubstr("other content")));
  EXPECT_EQ(Upload(package, {"m", 0, "another key"}).version, 2);
}

TEST_F(VersionStoreUploadTest, TakesDiagnosticModelsOnlyWhereItIsTold) {
  Manifest manifest;
  manifest.kind = PackageKind::kDiagnostic;
  manifest.files["config.json"] = {.size_bytes = 1, .sha256 = Sha256Hex(std::string_view("x"))};
  STA_ASSERT_OK_AND_ASSIGN(const std::string text, FormatManifest(manifest));
  EXPECT_THAT(store_->StartUpload({.name = "m", .manifest = text}),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("--allow-diagnostic-models")));
  options_.accept_diagnostic_models = true;
  Open();
  STA_ASSERT_OK_AND_ASSIGN(const StartedUpload started,
                           store_->StartUpload({.name = "m", .manifest = text}));
  ASSERT_TRUE(started.upload.has_value());
  ASSERT_THAT(store_->AppendToUpload(started.upload->id, MakeChunk("config.json", 0, "x")), IsOk());
  EXPECT_THAT(store_->FinishUpload(started.upload->id), IsOk());
  EXPECT_THAT(Versions(), ElementsAre(1));
}

TEST_F(VersionStoreUploadTest, AnUploadGoesOnAfterARestart) {
  FakePackage package("1");
  const UploadStatus upload = Start(package);
  ASSERT_THAT(store_->AppendToUpload(upload.id, MakeChunk("embeddings.safetensors", 0, "the emb")),
              IsOk());
  ASSERT_THAT(store_->SyncUpload(upload.id), IsOk());
  ASSERT_THAT(store_->AppendToUpload(upload.id, MakeChunk("embeddings.safetensors", 7, "ed")),
              IsOk());
  ASSERT_THAT(store_->AppendToUpload(upload.id, MakeChunk("config.json", 0, "{}")), IsOk());
  CutPower();
  STA_ASSERT_OK_AND_ASSIGN(const UploadStatus found, store_->GetUpload(upload.id));
  EXPECT_EQ(found.version, 1);
  EXPECT_EQ(found.started, upload.started);
  EXPECT_GE(found.files[1].received_bytes, 7);
  ASSERT_THAT(SendFakePackage(*store_, found, package), IsOk());
  EXPECT_THAT(store_->FinishUpload(upload.id), IsOk());
}

TEST_F(VersionStoreUploadTest, TwoUploadsOfOneNumberGiveOneVersion) {
  const UploadStatus first = Start(FakePackage("1"), {"m", 5});
  const UploadStatus second = Start(FakePackage("2"), {"m", 5});
  const UploadStatus same = Start(FakePackage("1"), {"m", 5, "key"});
  EXPECT_NE(first.id, same.id);
  for (const auto& [upload, text] :
       {std::pair(first, "1"), std::pair(second, "2"), std::pair(same, "1")}) {
    ASSERT_THAT(SendFakePackage(*store_, upload, FakePackage(text)), IsOk());
  }
  EXPECT_THAT(store_->FinishUpload(first.id), IsOk());
  EXPECT_THAT(store_->FinishUpload(second.id), StatusIs(StatusCode::kAlreadyExists));
  STA_ASSERT_OK_AND_ASSIGN(const VersionInfo found, store_->FinishUpload(same.id));
  EXPECT_EQ(found.version, 5);
  EXPECT_THAT(Versions(), ElementsAre(5));
  EXPECT_THAT(store_->ListUploads(), IsEmpty());
  EXPECT_THAT(Garbage(), SizeIs(3));
  EXPECT_EQ(Upload(FakePackage("3")).version, 6);
}

TEST_F(VersionStoreUploadTest, OpenUploadsHaveNumbersOfTheirOwn) {
  EXPECT_EQ(Start(FakePackage("1")).version, 1);
  EXPECT_EQ(Start(FakePackage("2")).version, 2);
  EXPECT_EQ(Upload(FakePackage("3")).version, 3);
}

TEST_F(VersionStoreUploadTest, AnUnsoundPackageIsDropped) {
  checker_ = [](const std::filesystem::path& directory) {
    return absl::DataLossError("bad tensor in " + directory.string());
  };
  Open();
  const UploadStatus upload = Start(FakePackage());
  ASSERT_THAT(SendFakePackage(*store_, upload, FakePackage()), IsOk());
  EXPECT_THAT(store_->FinishUpload(upload.id),
              StatusIs(StatusCode::kFailedPrecondition,
                       HasSubstr("the package is not sound: bad tensor in STORE/.sta/staging/")));
  EXPECT_THAT(store_->GetUpload(upload.id), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Garbage(), IsEmpty());
  EXPECT_THAT(Versions(), IsEmpty());
}

TEST_F(VersionStoreUploadTest, APackageThatCannotBeCheckedNowIsKept) {
  checker_ = [](const auto&) { return absl::ResourceExhaustedError("too many open files"); };
  Open();
  const UploadStatus upload = Start(FakePackage());
  ASSERT_THAT(SendFakePackage(*store_, upload, FakePackage()), IsOk());
  EXPECT_THAT(store_->FinishUpload(upload.id), StatusIs(StatusCode::kResourceExhausted));
  checker_ = AcceptPackage;
  Open();
  EXPECT_THAT(store_->FinishUpload(upload.id), IsOk());
}

TEST_F(VersionStoreUploadTest, FinishingNeedsAllFiles) {
  const UploadStatus upload = Start(FakePackage());
  EXPECT_THAT(store_->FinishUpload(upload.id),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("'config.json' has 0 of 2")));
  EXPECT_THAT(store_->GetUpload(upload.id), IsOk());
}

TEST_F(VersionStoreUploadTest, ADiskThatFailsOnceOnlyDelaysACommit) {
  for (int64_t call = 1;; ++call) {
    const std::string text = std::to_string(call);
    const UploadStatus upload = Start(FakePackage(text));
    ASSERT_THAT(SendFakePackage(*store_, upload, FakePackage(text)), IsOk());
    files_->SetFault({FaultKind::kError, files_->calls() + call, EIO});
    const absl::StatusOr<VersionInfo> first = store_->FinishUpload(upload.id);
    const bool was_struck = !files_->struck().empty();
    files_->SetFault({});
    if (!first.ok()) {
      const absl::StatusOr<UploadStatus> status = store_->GetUpload(upload.id);
      ASSERT_THAT(status, IsOk()) << "call " << call << ": " << first.status();
      ASSERT_THAT(SendFakePackage(*store_, *status, FakePackage(text)), IsOk());
      ASSERT_THAT(store_->FinishUpload(upload.id), IsOk()) << "call " << call;
    }
    EXPECT_EQ(Versions().front(), call);
    if (!was_struck) break;
  }
  EXPECT_THAT(store_->CollectGarbage(), IsOk());
  EXPECT_EQ(Garbage().size(), Versions().size() + 2);
}

TEST_F(VersionStoreUploadTest, QuotasAreCheckedBeforeAnythingComes) {
  options_.max_model_versions = 2;
  Open();
  Upload(FakePackage("1"));
  Start(FakePackage("2"));
  EXPECT_THAT(store_->StartUpload({.name = "m", .manifest = FakePackage("3").Manifest()}),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("would have 3 versions")));
  options_ = {.max_store_bytes = store_->StoreBytes() + 12};
  Open();
  EXPECT_THAT(store_->StartUpload({.name = "n", .manifest = FakePackage("3").Manifest()}),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("the store would take")));
  options_ = {.max_open_uploads = 1};
  Open();
  EXPECT_THAT(store_->StartUpload({.name = "n", .manifest = FakePackage("3").Manifest()}),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("open uploads")));
  options_ = {};
  Open();
  files_->SetCapacity(1'000'000);
  FakePackage sparse("4");
  std::string manifest = sparse.Manifest();
  manifest.replace(manifest.find("\"size_bytes\": 9"), 15, "\"size_bytes\": 999999");
  EXPECT_THAT(store_->StartUpload({.name = "n", .manifest = manifest}),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("disk is too full")));
}

TEST_F(VersionStoreUploadTest, UploadsExpire) {
  const UploadStatus upload = Start(FakePackage("1"));
  EXPECT_EQ(upload.expires, clock_.Now() + absl::Hours(24));
  clock_.Advance(absl::Hours(23));
  ASSERT_THAT(store_->AppendToUpload(upload.id, MakeChunk("config.json", 0, "{")), IsOk());
  clock_.Advance(absl::Hours(23));
  ASSERT_THAT(store_->CollectGarbage(), IsOk());
  EXPECT_THAT(store_->GetUpload(upload.id), IsOk());
  clock_.Advance(absl::Hours(1));
  ASSERT_THAT(store_->CollectGarbage(), IsOk());
  EXPECT_THAT(store_->GetUpload(upload.id), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Garbage(), IsEmpty());
}

TEST_F(VersionStoreUploadTest, AByteNowAndThenDoesNotKeepAnUploadForever) {
  const UploadStatus upload = Start(FakePackage("1"));
  for (int64_t offset = 0; offset < 7; ++offset) {
    ASSERT_THAT(
        store_->AppendToUpload(
            upload.id,
            MakeChunk("embeddings.safetensors", offset,
                      std::string("the embeddings").substr(static_cast<size_t>(offset), 1))),
        IsOk());
    clock_.Advance(absl::Hours(23));
  }
  clock_.Advance(absl::Hours(7));
  ASSERT_THAT(store_->CollectGarbage(), IsOk());
  EXPECT_THAT(store_->ListUploads(), IsEmpty());
}

TEST_F(VersionStoreUploadTest, AbortedUploadsLeaveNothing) {
  const UploadStatus upload = Start(FakePackage("1"));
  ASSERT_THAT(store_->AppendToUpload(upload.id, MakeChunk("config.json", 0, "{}")), IsOk());
  ASSERT_THAT(store_->AbortUpload(upload.id), IsOk());
  EXPECT_THAT(store_->AbortUpload(upload.id), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(store_->AppendToUpload(upload.id, MakeChunk("config.json", 0, "{}")),
              StatusIs(StatusCode::kNotFound));
  CutPower();
  EXPECT_THAT(Garbage(), IsEmpty());
  EXPECT_THAT(store_->ListUploads(), IsEmpty());
}

TEST_F(VersionStoreUploadTest, ADamagedUploadIsDroppedWithAWarning) {
  const UploadStatus upload = Start(FakePackage());
  files_->PutFile("/s/.sta/uploads/" + upload.id + "/manifest.json", "{}");
  Open();
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr(upload.id)));
  EXPECT_THAT(store_->ListUploads(), IsEmpty());
  EXPECT_THAT(Garbage(), IsEmpty());
}

TEST_F(VersionStoreUploadTest, UploadsGoOnSideBySide) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      for (int round = 0; round < 5; ++round) {
        const FakePackage package(std::to_string(i) + "." + std::to_string(round));
        const absl::StatusOr<VersionInfo> version =
            UploadFakePackage(*store_, {i % 2 == 0 ? "m" : "n"}, package);
        ASSERT_THAT(version, IsOk());
        if (round % 2 == 0) {
          EXPECT_THAT(store_->DeleteVersion(version->name, version->version, false), IsOk());
        }
        EXPECT_THAT(store_->CollectGarbage(), IsOk());
        EXPECT_THAT(store_->Rescan(), IsOk());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(Versions("m"), SizeIs(4));
  EXPECT_THAT(Versions("n"), SizeIs(4));
  EXPECT_EQ(Garbage().size(), 8 + 2);
}

}  // namespace
}  // namespace sta
