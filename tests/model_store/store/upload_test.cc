// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/upload.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "model_store/package/sha256.h"
#include "model_store/store/upload_manifest.h"
#include "model_store/store/upload_table.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_package.h"
#include "tests/support/simulated_file_system.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kEmbeddings[] = "embeddings.safetensors";

class UploadTest : public testing::Test {
 protected:
  UploadTest() {
    for (const char* folder : {"blobs", "uploads", "staging"}) {
      files_->PutDirectory(std::string("/s/.sta/") + folder);
    }
  }

  std::unique_ptr<Upload> Begin(const std::string& id = "id") {
    absl::StatusOr<std::unique_ptr<Upload>> upload =
        Upload::Begin(parts_,
                      {.id = id,
                       .name = "m",
                       .version = 1,
                       .digest = Sha256Hex(package_.Manifest()),
                       .key = "key",
                       .started = clock_.Now()},
                      package_.Manifest(), ParseUploadManifest(package_.Manifest()).value());
    EXPECT_THAT(upload, IsOk());
    return *std::move(upload);
  }
  absl::StatusOr<std::unique_ptr<Upload>> Recover() {
    return Upload::Recover(parts_, "id", clock_.Now());
  }
  absl::StatusOr<UploadStatus> Append(Upload& upload, std::string_view file, int64_t offset,
                                      std::string_view data) {
    return upload.Append(MakeChunk(file, offset, data), clock_.Now());
  }

  const FakePackage package_;
  FakeClock clock_;
  std::unique_ptr<SimulatedFileSystem> files_ = std::make_unique<SimulatedFileSystem>(clock_);
  const StoreLayout layout_{"/s"};
  const StoreOptions options_;
  BlobStore blobs_{*files_, layout_, nullptr};
  const Upload::Parts parts_{*files_, layout_, blobs_, options_};
};

TEST_F(UploadTest, ChecksEveryChunk) {
  const auto upload = Begin();
  EXPECT_THAT(Append(*upload, "other", 0, "x"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("'other' is not in")));
  EXPECT_THAT(Append(*upload, "manifest.json", 0, "x"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Append(*upload, "../id/config.json", 0, "x"), StatusIs(StatusCode::kInvalidArgument));
  ASSERT_THAT(Append(*upload, kEmbeddings, 0, "the "), IsOk());
  for (const int64_t offset : {int64_t{-1}, int64_t{0}, int64_t{5}, int64_t{1} << 62}) {
    EXPECT_THAT(Append(*upload, kEmbeddings, offset, "x"),
                StatusIs(StatusCode::kOutOfRange, HasSubstr("expected is 4")));
  }
  EXPECT_THAT(Append(*upload, kEmbeddings, 4, "embeddings!"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("over its end at 14")));
  EXPECT_THAT(Append(*upload, kEmbeddings, 4, std::string(kMaxChunkBytes + 1, 'x')),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("allowed are 4194304")));
  ChunkView damaged = MakeChunk(kEmbeddings, 4, "embeddings");
  ++damaged.crc32c;
  EXPECT_THAT(upload->Append(damaged, clock_.Now()),
              StatusIs(StatusCode::kDataLoss, HasSubstr("CRC32C")));
  EXPECT_EQ(upload->Status().received_bytes, 4);
  ASSERT_THAT(Append(*upload, kEmbeddings, 4, "embeddings"), IsOk());
  EXPECT_THAT(Append(*upload, kEmbeddings, 14, ""), IsOk());
}

TEST_F(UploadTest, AWrongHashDropsOneFile) {
  const auto upload = Begin();
  ASSERT_THAT(Append(*upload, "config.json", 0, "{}"), IsOk());
  EXPECT_THAT(Append(*upload, kEmbeddings, 0, "THE embeddings"),
              StatusIs(StatusCode::kDataLoss, HasSubstr("SHA-256")));
  EXPECT_EQ(upload->Status().received_bytes, 2);
}

TEST_F(UploadTest, HasOneFileOpenAtATime) {
  const auto upload = Begin();
  ASSERT_THAT(Append(*upload, kEmbeddings, 0, "the "), IsOk());
  ASSERT_THAT(Append(*upload, "encoder.safetensors", 0, "enc"), IsOk());
  ASSERT_THAT(Append(*upload, kEmbeddings, 4, "emb"), IsOk());
  EXPECT_EQ(upload->PartBytes(), 10);
  EXPECT_EQ(upload->MissingBytes(), package_.FileBytes() - 10);
}

TEST_F(UploadTest, ComesBackAsFarAsItWasSynced) {
  {
    const auto upload = Begin();
    ASSERT_THAT(Append(*upload, kEmbeddings, 0, "the "), IsOk());
    ASSERT_THAT(upload->Sync(), IsOk());
    ASSERT_THAT(Append(*upload, kEmbeddings, 4, "emb"), IsOk());
  }
  clock_.Advance(absl::Hours(2));
  STA_ASSERT_OK_AND_ASSIGN(const auto upload, Recover());
  EXPECT_EQ(upload->header().key, "key");
  const UploadStatus status = upload->Status();
  EXPECT_EQ(status.received_bytes, 4);
  EXPECT_EQ(status.started, clock_.Now() - absl::Hours(2));
  EXPECT_EQ(status.expires, clock_.Now() + absl::Hours(24));
  EXPECT_THAT(Append(*upload, kEmbeddings, 4, "embeddings"), IsOk());
}

TEST_F(UploadTest, AClockThatWasSetBackKeepsNothingForever) {
  { const auto upload = Begin(); }
  clock_.Advance(-absl::Hours(10'000));
  STA_ASSERT_OK_AND_ASSIGN(const auto upload, Recover());
  EXPECT_EQ(upload->Status().expires, clock_.Now() + absl::Hours(24));
}

TEST_F(UploadTest, WhatIsDamagedIsSaidToBe) {
  { const auto upload = Begin(); }
  const auto tree = files_->Tree();
  for (const auto& [file, text] : {std::pair("upload.json", "{}"),
                                   {"upload.json", "x"},
                                   {"manifest.json", "{}"},
                                   {"progress.json", "[]"},
                                   {"progress.json", R"({"config.json": -1})"}}) {
    files_->PutFile(std::string("/s/.sta/uploads/id/") + file, text);
    EXPECT_THAT(Recover(), StatusIs(StatusCode::kDataLoss)) << file << " " << text;
    const auto before = tree.find(std::string("/s/.sta/uploads/id/") + file);
    if (before != tree.end()) files_->PutFile(before->first, before->second);
  }
}

TEST_F(UploadTest, StagesAPackage) {
  const auto upload = Begin();
  EXPECT_THAT(upload->CheckWhole(), StatusIs(StatusCode::kFailedPrecondition));
  for (const auto& [name, bytes] : package_.files) {
    ASSERT_THAT(Append(*upload, name, 0, bytes), IsOk());
  }
  ASSERT_THAT(upload->CheckWhole(), IsOk());
  files_->PutFile("/s/.sta/staging/id/left", "over");
  ASSERT_THAT(upload->Stage("/s/.sta/staging/id"), IsOk());
  auto tree = files_->Tree();
  EXPECT_EQ(tree["/s/.sta/staging/id/manifest.json"], package_.Manifest());
  EXPECT_EQ(tree["/s/.sta/staging/id/config.json"], "{}");
  EXPECT_FALSE(tree.contains("/s/.sta/staging/id/left"));
  ASSERT_THAT(upload->Remove(), IsOk());
  EXPECT_THAT(files_->AfterCrash({})->List("/s/.sta/uploads"), IsOkAndHolds(IsEmpty()));
}

TEST_F(UploadTest, ALostBlobIsAskedForAgain) {
  files_->PutFile("/s/x", "{}");
  const std::string sha256 = Sha256Hex(std::string_view("{}"));
  ASSERT_THAT(blobs_.Adopt(sha256, 2, "/s/x"), IsOk());
  const auto upload = Begin();
  EXPECT_EQ(upload->Status().received_bytes, 2);
  EXPECT_EQ(upload->PartBytes(), 0);
  ASSERT_THAT(blobs_.Forget(sha256), IsOk());
  EXPECT_THAT(upload->CheckWhole(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(upload->Status().received_bytes, 0);
  EXPECT_THAT(Append(*upload, "config.json", 0, "{}"), IsOk());
  EXPECT_EQ(upload->PartBytes(), 2);
}

TEST_F(UploadTest, TheTableGivesEachUploadToOneAtATime) {
  UploadTable table;
  table.Insert(Begin("a"));
  table.Insert(Begin("b"));
  EXPECT_EQ(table.All().size(), 2);
  EXPECT_NE(table.Find("a"), nullptr);
  EXPECT_THAT(table.Acquire("c").status(), StatusIs(StatusCode::kNotFound));
  {
    STA_ASSERT_OK_AND_ASSIGN(const UploadLease lease, table.Acquire("a"));
    EXPECT_EQ(lease->header().id, "a");
    table.End(lease);
  }
  EXPECT_EQ(table.Find("a"), nullptr);
  EXPECT_THAT(table.Acquire("a").status(), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(table.All().size(), 1);
}

}  // namespace
}  // namespace sta
