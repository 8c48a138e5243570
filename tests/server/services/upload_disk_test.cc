// SPDX-License-Identifier: Apache-2.0
//
// Upload streams on disks that fill up, fail and lose what was not synced.
#include <memory>
#include <string>

#include "tests/server/services/store_service_fixture.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

class UploadDiskTest : public StoreServiceTest {
 protected:
  UploadDiskTest() : StoreServiceTest({}, {}, TestDisk::kSimulated) {}

  // What a server finds that starts after the power was cut now: bytes of the upload; -1: none.
  int64_t ReceivedAfterPowerCut(const v1::UploadStatus& upload) {
    const std::unique_ptr<SimulatedFileSystem> disk =
        simulated_disk_.AfterCrash({CrashOutcome::Kind::kLoseUnsynced});
    const absl::StatusOr<std::unique_ptr<VersionStore>> store =
        VersionStore::Open(root_, {}, *disk, clock_, CheckFakePackage);
    EXPECT_THAT(store, IsOk());
    const absl::StatusOr<UploadStatus> found = (*store)->GetUpload(upload.upload_id());
    return found.ok() ? found->received_bytes : -1;
  }

  void AwaitEnd(const std::string& code) {
    const std::string sample = "code=\"" + code + "\",model=\"\",rpc=\"Upload\"";
    while (metrics_.Text().find(sample) == std::string::npos) List();
  }
};

TEST_F(UploadDiskTest, AVersionIsOnTheDiskWhenItsUploadIsAnswered) {
  const v1::UploadStatus upload = Start("m", first_);
  EXPECT_EQ(ReceivedAfterPowerCut(upload), 0);
  EXPECT_THAT(Send(upload, first_), IsOk());
  const std::unique_ptr<SimulatedFileSystem> disk =
      simulated_disk_.AfterCrash({CrashOutcome::Kind::kLoseUnsynced});
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<VersionStore> store,
                           VersionStore::Open(root_, {}, *disk, clock_, CheckFakePackage));
  ASSERT_NE(store->Snapshot()->Find("m", 1), nullptr);
  STA_ASSERT_OK_AND_ASSIGN(const VerifyReport report, store->Verify("m", 1));
  EXPECT_EQ(report.error, "");
}

TEST_F(UploadDiskTest, WhatAStreamBroughtIsOnTheDiskWhenItIsToldSo) {
  const v1::UploadStatus upload = Start("m", first_);
  EXPECT_THAT(SendMessages(upload, {Chunk(kEncoder, 0, "enc"), Chunk("config.json", 0, "{}")}),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(ReceivedAfterPowerCut(upload), 5);
}

TEST_F(UploadDiskTest, WhatAClientSentBeforeItVanishedIsOnTheDisk) {
  const v1::UploadStatus upload = Start("m", first_);
  grpc::ClientContext context;
  v1::UploadResponse response;
  const UploadWriter writer = Open(context, response, upload);
  writer->Write(Chunk(kEncoder, 0, "encode"));
  AwaitReceived(upload, 6);
  context.TryCancel();
  writer->Finish();
  AwaitEnd("CANCELLED");
  EXPECT_EQ(ReceivedAfterPowerCut(upload), 6);
}

TEST_F(UploadDiskTest, AFullDiskIsToldAndTheUploadGoesOnWhenThereIsRoom) {
  const v1::UploadStatus upload = Start("m", first_);
  simulated_disk_.SetCapacity(0);
  EXPECT_THAT(Send(upload, first_), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_THAT(TryStart("other", second_), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_EQ(List().models_size(), 0);  // it still answers
  simulated_disk_.SetCapacity(1 << 20);
  STA_ASSERT_OK_AND_ASSIGN(const v1::UploadStatus rest, GetUpload(upload));
  EXPECT_THAT(Send(rest, first_), IsOk());
}

TEST_F(UploadDiskTest, AVolumeThatHasBecomeReadOnlyIsTold) {
  const v1::UploadStatus upload = Start("m", first_);
  simulated_disk_.SetReadOnlyVolume(true);
  EXPECT_THAT(Send(upload, first_),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("Read-only")));
  simulated_disk_.SetReadOnlyVolume(false);
  STA_ASSERT_OK_AND_ASSIGN(const v1::UploadStatus rest, GetUpload(upload));
  EXPECT_THAT(Send(rest, first_), IsOk());
}

// The path of the server's disk is nothing for a client.
TEST_F(UploadDiskTest, AnExportFromADiskThatFailsIsNotOkAndNamesNoPath) {
  Upload("m", first_);
  simulated_disk_.Deny("/store/m/1");
  v1::ExportRequest request;
  request.set_name("m");
  EXPECT_THAT(Export(request),
              StatusIs(StatusCode::kPermissionDenied, testing::Not(HasSubstr("/store"))));
}

}  // namespace
}  // namespace sta
