// SPDX-License-Identifier: Apache-2.0
//
// A store on disks that are full, read-only or not ours to read, and under a clock that is set
// back: errors say what is wrong, nothing is lost, and what works goes on.
#include <gtest/gtest.h>

#include <string>

#include "tests/model_store/store/store_contents.h"
#include "tests/model_store/store/store_script.h"
#include "tests/support/fake_clock.h"
#include "tests/support/simulated_file_system.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using enum absl::StatusCode;

class StoreDiskTest : public testing::Test {
 protected:
  // A store with version 1.
  StoreDiskTest() {
    files_.PutDirectory(kStoreRoot);
    EXPECT_THAT(driver_.Open(), IsOk());
    EXPECT_THAT(driver_.Finish(one_), IsOk());
  }

  // So many bytes may still be written.
  void LeaveFree(int64_t free_bytes) {
    constexpr int64_t kCapacity = 1 << 20;
    files_.SetCapacity(kCapacity);
    STA_ASSERT_OK_AND_ASSIGN(const int64_t free_now, files_.FreeBytes(kStoreRoot));
    files_.SetCapacity(kCapacity - free_now + free_bytes);
  }

  absl::Status SetAlias() {
    return driver_.store().SetAlias("minilm", "prod", 1, std::nullopt).status();
  }

  StoreContents Contents() { return ContentsOf(driver_.store(), files_); }

  const TestPackage one_ = {"minilm", 1, FilesOfPackage('a')};
  const TestPackage two_ = {"minilm", 2, FilesOfPackage('b')};
  FakeClock clock_;
  SimulatedFileSystem files_{clock_};
  StoreDriver driver_{files_, clock_};
};

TEST_F(StoreDiskTest, AnUploadThatDoesNotFitIsRefusedBeforeItBegins) {
  LeaveFree(39);  // the weights have 40
  const StoreContents before = Contents();
  EXPECT_THAT(driver_.Start(two_), StatusIs(kResourceExhausted));
  EXPECT_EQ(Contents(), before);
  LeaveFree(10'000);
  EXPECT_THAT(driver_.Finish(two_), IsOk());
}

TEST_F(StoreDiskTest, AnUploadThatFillsTheDiskGoesOnWhenThereIsRoom) {
  const StoreContents before = Contents();
  EXPECT_THAT(driver_.Send(two_, 1), IsOk());
  LeaveFree(15);
  EXPECT_THAT(driver_.Finish(two_), StatusIs(kResourceExhausted));
  EXPECT_EQ(Contents(), before);
  STA_ASSERT_OK_AND_ASSIGN(const StartedUpload started, driver_.Start(two_));
  ASSERT_TRUE(started.upload.has_value());
  EXPECT_GT(started.upload->received_bytes, 0);
  LeaveFree(10'000);
  EXPECT_THAT(driver_.Finish(two_), IsOk());
  EXPECT_EQ(Contents().versions.at({"minilm", 2}).files, two_.files);
}

TEST_F(StoreDiskTest, AVersionIsDeletedFromADiskThatIsFull) {
  LeaveFree(0);
  EXPECT_THAT(SetAlias(), StatusIs(kResourceExhausted));
  EXPECT_THAT(driver_.store().DeleteVersion("minilm", 1, false), IsOk());
  EXPECT_THAT(driver_.store().CollectGarbage(), IsOk());
  EXPECT_THAT(WrongPaths(files_, {}), IsEmpty());
  EXPECT_THAT(driver_.Finish(two_), StatusIs(kResourceExhausted));
  LeaveFree(10'000);
  EXPECT_THAT(driver_.Finish(two_), IsOk());
}

TEST_F(StoreDiskTest, AVolumeThatTurnsReadOnlyIsStillServed) {
  const StoreContents before = Contents();
  files_.SetReadOnlyVolume(true);
  EXPECT_THAT(SetAlias(), StatusIs(kFailedPrecondition, HasSubstr("Read-only file system")));
  EXPECT_THAT(driver_.Start(two_), StatusIs(kFailedPrecondition));
  EXPECT_THAT(driver_.store().DeleteVersion("minilm", 1, false), StatusIs(kFailedPrecondition));
  EXPECT_THAT(driver_.store().Rescan(), IsOk());
  EXPECT_EQ(Contents(), before);
  files_.SetReadOnlyVolume(false);
  EXPECT_THAT(SetAlias(), IsOk());
  EXPECT_THAT(driver_.Finish(two_), IsOk());
}

TEST_F(StoreDiskTest, AModelThatMayNotBeReadStaysKnown) {
  const StoreContents before = Contents();
  files_.Deny("/store/minilm");
  EXPECT_THAT(driver_.store().Rescan(), IsOk());
  EXPECT_EQ(driver_.store().Snapshot()->versions.size(), 1);
  files_.Deny("");
  EXPECT_THAT(driver_.store().Rescan(), IsOk());
  EXPECT_EQ(Contents(), before);
}

TEST_F(StoreDiskTest, AModelThatMayNotBeReadAtStartIsNotForgotten) {
  const StoreContents before = Contents();
  files_.Deny("/store/minilm");
  EXPECT_THAT(driver_.Open(), IsOk());
  EXPECT_THAT(driver_.store().Snapshot()->versions, IsEmpty());
  ASSERT_EQ(driver_.store().Snapshot()->skipped.size(), 1);
  EXPECT_THAT(driver_.store().Snapshot()->skipped[0].reason, HasSubstr("Permission denied"));
  EXPECT_THAT(driver_.store().CollectGarbage(), IsOk());
  files_.Deny("");
  EXPECT_THAT(driver_.store().Rescan(), IsOk());
  EXPECT_EQ(Contents(), before);
  // Nor does it come back as another's after the next start.
  EXPECT_THAT(driver_.Open(), IsOk());
  EXPECT_EQ(Contents(), before);
}

TEST_F(StoreDiskTest, ARecordThatMayNotBeWrittenIsAnErrorAndChangesNothing) {
  const StoreContents before = Contents();
  files_.Deny("/store/.sta/models");
  EXPECT_THAT(SetAlias(), StatusIs(kPermissionDenied, HasSubstr(".sta/models")));
  EXPECT_EQ(Contents(), before);
  files_.Deny("");
  EXPECT_THAT(SetAlias(), IsOk());
}

TEST_F(StoreDiskTest, AClockThatIsSetBackEndsNoUpload) {
  EXPECT_THAT(driver_.Send(two_, 2), IsOk());
  EXPECT_THAT(driver_.Sync(two_), IsOk());
  clock_.Advance(-absl::Hours(24 * 10));
  EXPECT_THAT(driver_.store().CollectGarbage(), IsOk());
  EXPECT_EQ(driver_.store().ListUploads().size(), 1);
  EXPECT_THAT(driver_.Open(), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const StartedUpload started, driver_.Start(two_));
  ASSERT_TRUE(started.upload.has_value());
  EXPECT_GT(started.upload->received_bytes, 0);
  EXPECT_THAT(driver_.Finish(two_), IsOk());
  EXPECT_EQ(Contents().versions.at({"minilm", 2}).files, two_.files);
}

TEST_F(StoreDiskTest, AnUploadOfAClockThatWasAheadExpiresInTheEnd) {
  EXPECT_THAT(driver_.Send(two_, 2), IsOk());
  clock_.Advance(-absl::Hours(5));
  EXPECT_THAT(driver_.Open(), IsOk());
  EXPECT_EQ(driver_.store().ListUploads().size(), 1);
  clock_.Advance(absl::Hours(5 + 25));
  EXPECT_THAT(driver_.store().CollectGarbage(), IsOk());
  EXPECT_THAT(driver_.store().ListUploads(), IsEmpty());
}

}  // namespace
}  // namespace sta
