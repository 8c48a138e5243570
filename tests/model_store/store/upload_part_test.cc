// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/upload_part.h"

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>

#include "model_store/package/sha256.h"
#include "tests/support/bytes_of.h"
#include "tests/support/fake_clock.h"
#include "tests/support/simulated_file_system.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

class UploadPartTest : public testing::Test {
 protected:
  UploadPartTest() { files_->PutDirectory("/u"); }

  std::unique_ptr<UploadPart> MakePart(const std::string& text = "0123456789") {
    return std::make_unique<UploadPart>(
        *files_, "/u", "f", FileEntry{.size_bytes = std::ssize(text), .sha256 = Sha256Hex(text)});
  }

  FakeClock clock_;
  std::unique_ptr<SimulatedFileSystem> files_ = std::make_unique<SimulatedFileSystem>(clock_);
};

TEST_F(UploadPartTest, BecomesWholeWithItsLastByte) {
  const auto part = MakePart();
  ASSERT_THAT(part->Append(BytesOf("01234")), IsOk());
  EXPECT_FALSE(part->IsWhole());
  EXPECT_TRUE(part->is_open());
  ASSERT_THAT(part->Append(BytesOf("56789")), IsOk());
  EXPECT_TRUE(part->IsWhole());
  EXPECT_FALSE(part->is_open());
  EXPECT_EQ(part->durable_bytes(), 10);
  EXPECT_EQ(files_->Tree()["/u/f.whole"], "0123456789");
  EXPECT_FALSE(files_->Tree().contains("/u/f.part"));
  EXPECT_THAT(files_->OpenToAppend("/u/f.whole"), StatusIs(StatusCode::kPermissionDenied));
}

TEST_F(UploadPartTest, AWrongHashEmptiesIt) {
  const auto part = MakePart();
  EXPECT_THAT(part->Append(BytesOf("0123456780")),
              StatusIs(StatusCode::kDataLoss, HasSubstr("file 'f'")));
  EXPECT_EQ(part->received_bytes(), 0);
  EXPECT_EQ(part->durable_bytes(), 0);
  ASSERT_THAT(part->Append(BytesOf("0123456789")), IsOk());
  EXPECT_TRUE(part->IsWhole());
}

TEST_F(UploadPartTest, IsCutToWhatIsDurableAndHashedAgainAfterARestart) {
  {
    const auto part = MakePart();
    ASSERT_THAT(part->Append(BytesOf("0123")), IsOk());
    ASSERT_THAT(part->Sync(), IsOk());
    ASSERT_THAT(part->Append(BytesOf("45")), IsOk());
  }
  const auto part = MakePart();
  ASSERT_THAT(part->Recover(4), IsOk());
  EXPECT_EQ(part->received_bytes(), 4);
  EXPECT_EQ(files_->Tree()["/u/f.part"], "0123");
  ASSERT_THAT(part->Append(BytesOf("456789")), IsOk());
  EXPECT_TRUE(part->IsWhole());
}

TEST_F(UploadPartTest, AWholeFileIsWholeAfterARestart) {
  ASSERT_THAT(MakePart()->Append(BytesOf("0123456789")), IsOk());
  const auto part = MakePart();
  ASSERT_THAT(part->Recover(0), IsOk());
  EXPECT_TRUE(part->IsWhole());
}

TEST_F(UploadPartTest, WhatIsNotAsItWasIsBegunAgain) {
  for (const char* put : {"012", "01234567890"}) {
    files_->PutFile("/u/f.part", put);
    const auto part = MakePart();
    ASSERT_THAT(part->Recover(4), IsOk());
    EXPECT_EQ(part->received_bytes(), 0) << put;
    EXPECT_FALSE(files_->Tree().contains("/u/f.part"));
  }
  files_->PutSymlink("/u/f.part");
  ASSERT_THAT(MakePart()->Recover(4), IsOk());
  files_->PutFile("/u/f.whole", "012345678");
  const auto part = MakePart();
  ASSERT_THAT(part->Recover(0), IsOk());
  EXPECT_EQ(part->received_bytes(), 0);
  ASSERT_THAT(part->Append(BytesOf("0123456789")), IsOk());
  EXPECT_EQ(files_->Tree()["/u/f.whole"], "0123456789");
}

TEST_F(UploadPartTest, APartThatOthersShareIsNeverCut) {
  files_->PutFile("/u/f.part", "0123456789");
  ASSERT_THAT(files_->Link("/u/f.part", "/u/other"), IsOk());
  ASSERT_THAT(MakePart()->Recover(4), IsOk());
  EXPECT_EQ(files_->Tree()["/u/other"], "0123456789");
}

TEST_F(UploadPartTest, AReadOnlyPartIsHashedAfterARestart) {
  for (const auto& [text, is_whole] : {std::pair("0123456789", true), {"0123456780", false}}) {
    files_->RemoveFile("/u/f.whole").IgnoreError();
    STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<WritableFile> file, files_->Create("/u/f.part"));
    ASSERT_THAT(file->Append(BytesOf(text)), IsOk());
    ASSERT_THAT(file->MakeReadOnly(), IsOk());
    const auto part = MakePart();
    ASSERT_THAT(part->Recover(4), IsOk());
    EXPECT_EQ(part->IsWhole(), is_whole);
    EXPECT_FALSE(files_->Tree().contains("/u/f.part"));
  }
}

TEST_F(UploadPartTest, AFullDiskTakesNothingBack) {
  const auto part = MakePart();
  ASSERT_THAT(part->Append(BytesOf("0123")), IsOk());
  files_->SetFault({FaultKind::kShortWrite, files_->calls() + 1, ENOSPC});
  EXPECT_THAT(part->Append(BytesOf("4567")), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_EQ(part->received_bytes(), 4);
  ASSERT_THAT(part->Append(BytesOf("456789")), IsOk());
  EXPECT_EQ(files_->Tree()["/u/f.whole"], "0123456789");
}

TEST_F(UploadPartTest, WhatCouldNotBeSyncedIsTakenForLost) {
  const auto part = MakePart();
  ASSERT_THAT(part->Append(BytesOf("0123")), IsOk());
  ASSERT_THAT(part->Sync(), IsOk());
  ASSERT_THAT(part->Append(BytesOf("45")), IsOk());
  files_->SetFault({FaultKind::kError, files_->calls() + 1, EIO});
  EXPECT_THAT(part->Sync(), StatusIs(StatusCode::kDataLoss));
  EXPECT_EQ(part->received_bytes(), 4);
  ASSERT_THAT(part->Append(BytesOf("456789")), IsOk());
  EXPECT_TRUE(part->IsWhole());
  ASSERT_THAT(files_->SyncDirectory("/u"), IsOk());
  EXPECT_EQ(files_->AfterCrash({})->Tree()["/u/f.whole"], "0123456789");
}

TEST_F(UploadPartTest, AnyOneFailureIsOvercome) {
  for (int64_t call = 1;; ++call) {
    files_->RemoveAll("/u");
    files_->PutDirectory("/u");
    const auto part = MakePart();
    files_->SetFault({FaultKind::kError, files_->calls() + call, EIO});
    int rounds = 0;
    while (!part->IsWhole() && ++rounds < 10) {
      const auto at = static_cast<size_t>(part->received_bytes());
      part->Append(BytesOf(std::string_view("0123456789").substr(at, 4))).IgnoreError();
      part->Sync().IgnoreError();
    }
    EXPECT_TRUE(part->IsWhole()) << "call " << call;
    EXPECT_EQ(files_->Tree()["/u/f.whole"], "0123456789");
    if (files_->struck().empty()) break;
    files_->SetFault({});
  }
}

TEST_F(UploadPartTest, AnEmptyFileIsMadeWhenItIsAskedFor) {
  const auto part = MakePart("");
  EXPECT_TRUE(part->IsWhole());
  ASSERT_THAT(part->MakeEmptyFile(), IsOk());
  EXPECT_EQ(files_->Tree()["/u/f.whole"], "");
}

}  // namespace
}  // namespace sta
