// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/version_directory.h"

#include <gtest/gtest.h>

#include <string>

#include "model_store/package/sha256.h"
#include "model_store/store/verify_version.h"
#include "model_store/store/version_moves.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_package.h"
#include "tests/support/simulated_file_system.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

class VersionDirectoryTest : public testing::Test {
 protected:
  VersionDirectoryTest() {
    for (const auto& [name, bytes] : package_.files) files_.PutFile("/s/m/1/" + name, bytes);
    files_.PutFile("/s/m/1/manifest.json", package_.Manifest());
    for (const char* folder : {"staging", "trash"}) {
      files_.PutDirectory(std::string("/s/.sta/") + folder);
    }
  }
  absl::StatusOr<VersionContent> Read() {
    return ReadVersion(files_, {.name = "m", .version = 1, .path = "/s/m/1"});
  }

  const FakePackage package_;
  FakeClock clock_;
  SimulatedFileSystem files_{clock_};
  const StoreLayout layout_{"/s"};
};

TEST_F(VersionDirectoryTest, ReadsAWholeVersion) {
  STA_ASSERT_OK_AND_ASSIGN(const VersionContent content, Read());
  EXPECT_EQ(content.info.digest, Sha256Hex(package_.Manifest()));
  EXPECT_EQ(content.info.size_bytes, package_.FileBytes() + std::ssize(package_.Manifest()));
  EXPECT_EQ(content.info.created, clock_.Now());
  EXPECT_FALSE(content.info.uploaded);
  EXPECT_EQ(content.files.size(), 3);
}

TEST_F(VersionDirectoryTest, SaysWhatIsNotWhole) {
  const auto partial = [](const std::string& text) {
    return StatusIs(StatusCode::kFailedPrecondition, HasSubstr(text));
  };
  files_.PutFile("/s/m/1/more", "x");
  EXPECT_THAT(Read(), partial("'more' is not listed"));
  files_.RemoveAll("/s/m/1/more");
  files_.PutFile("/s/m/1/config.json", "{} ");
  EXPECT_THAT(Read(), partial("'config.json' has 3 bytes, the manifest says 2"));
  files_.RemoveAll("/s/m/1/config.json");
  EXPECT_THAT(Read(), partial("'config.json' is missing"));
  files_.PutSymlink("/s/m/1/config.json");
  EXPECT_THAT(Read(), partial("'config.json' is no regular file"));
  files_.PutFile("/s/m/1/manifest.json", "{");
  EXPECT_THAT(Read(), StatusIs(StatusCode::kDataLoss, HasSubstr("manifest.json")));
  files_.RemoveAll("/s/m/1/manifest.json");
  EXPECT_THAT(Read(), partial("manifest.json is missing"));
}

TEST_F(VersionDirectoryTest, ASignatureChangesWithNamesSizesAndTimes) {
  const auto signature = [&] { return DirectorySignature(files_, "/s/m/1").value(); };
  const std::string first = signature();
  EXPECT_EQ(signature(), first);
  files_.PutFile("/s/m/1/config.json", "{ }");
  const std::string longer = signature();
  EXPECT_NE(longer, first);
  clock_.Advance(absl::Nanoseconds(1));
  files_.PutFile("/s/m/1/config.json", "[ ]");
  const std::string later = signature();
  EXPECT_NE(later, longer);
  files_.PutFile("/s/m/1/x", "");
  EXPECT_NE(signature(), later);
  EXPECT_THAT(DirectorySignature(files_, "/s/m/2"), StatusIs(StatusCode::kNotFound));
}

TEST_F(VersionDirectoryTest, VerifyingReadsEveryByte) {
  STA_ASSERT_OK_AND_ASSIGN(const VersionContent content, Read());
  STA_ASSERT_OK_AND_ASSIGN(VerifiedContent verified, VerifyContent(files_, content));
  EXPECT_EQ(verified.error, "");
  EXPECT_EQ(verified.verified_bytes, package_.FileBytes());
  files_.PutFile("/s/m/1/embeddings.safetensors", "THE embeddings");
  STA_ASSERT_OK_AND_ASSIGN(verified, VerifyContent(files_, content));
  EXPECT_THAT(verified.error, HasSubstr("'embeddings.safetensors' is damaged"));
  EXPECT_THAT(verified.damaged, ElementsAre(Sha256Hex("the embeddings")));
  files_.PutFile("/s/m/1/embeddings.safetensors", "the embedding");
  STA_ASSERT_OK_AND_ASSIGN(verified, VerifyContent(files_, content));
  EXPECT_THAT(verified.error, HasSubstr("has 13 bytes"));
  EXPECT_EQ(verified.verified_bytes, package_.FileBytes() - 14);
  files_.PutFile("/s/m/1/manifest.json", FakePackage("2").Manifest());
  STA_ASSERT_OK_AND_ASSIGN(verified, VerifyContent(files_, content));
  EXPECT_NE(verified.error, "");
}

TEST_F(VersionDirectoryTest, MovesInAndOutInOneStep) {
  files_.PutFile("/s/.sta/staging/id/f", "x");
  EXPECT_THAT(MoveIntoStore(files_, layout_, "/s/.sta/staging/id", "m", 1),
              StatusIs(StatusCode::kAlreadyExists));
  ASSERT_THAT(MoveIntoStore(files_, layout_, "/s/.sta/staging/id", "m", 2), IsOk());
  EXPECT_EQ(files_.AfterCrash({})->Tree()["/s/m/2/f"], "x");
  STA_ASSERT_OK_AND_ASSIGN(const auto trash, MoveToTrash(files_, layout_, "m", 2));
  EXPECT_EQ(trash, "/s/.sta/trash/m@2");
  EXPECT_TRUE(files_.AfterCrash({})->Tree().contains("/s/m/2/f"));
  ASSERT_THAT(SyncTrashed(files_, layout_, "m"), IsOk());
  EXPECT_EQ(files_.AfterCrash({})->Tree()["/s/.sta/trash/m@2/f"], "x");
  files_.PutFile("/s/m/2/f", "y");
  EXPECT_THAT(MoveToTrash(files_, layout_, "m", 2),
              IsOkAndHolds(FileSystem::Path("/s/.sta/trash/m@2@1")));
  EXPECT_THAT(MoveToTrash(files_, layout_, "m", 2), StatusIs(StatusCode::kNotFound));
}

TEST_F(VersionDirectoryTest, TheTrashTellsWhatWasDeleted) {
  for (const char* name : {"a.b@12", "a.b@12@3"}) {
    const std::optional<TrashName> parsed = ParseTrashName(name);
    ASSERT_TRUE(parsed.has_value()) << name;
    EXPECT_EQ(parsed->name, "a.b");
    EXPECT_EQ(parsed->version, 12);
  }
  for (const char* bad : {"", "a", "a@", "@1", "a@01", ".a@1", "a@x"}) {
    EXPECT_FALSE(ParseTrashName(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace sta
