// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/directory_store.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "model_store/store/posix_file_system.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

namespace fs = std::filesystem;

class DirectoryStoreTest : public testing::Test {
 protected:
  const TemporaryDirectory directory_;
  const fs::path store_ = directory_.path();
  PosixFileSystem files_;
};

TEST_F(DirectoryStoreTest, ListsNamesAndVersionsNewestFirst) {
  for (const char* path : {"b/2", "b/10", "b/9", "a.x_y-1/1"})
    fs::create_directories(store_ / path);
  STA_ASSERT_OK_AND_ASSIGN(const StoreListing listing, ScanStore(files_, store_));
  std::vector<std::pair<std::string, int64_t>> found;
  for (const StoredVersion& stored : listing.versions) {
    found.emplace_back(stored.name, stored.version);
    EXPECT_EQ(stored.path, store_ / stored.name / std::to_string(stored.version));
  }
  EXPECT_THAT(found, ElementsAre(Pair("a.x_y-1", 1), Pair("b", 10), Pair("b", 9), Pair("b", 2)));
  const std::vector<StoredVersion> newest = NewestVersions(listing);
  ASSERT_EQ(newest.size(), 2u);
  EXPECT_EQ(newest[1].version, 10);
}

TEST_F(DirectoryStoreTest, SkipsAndExplainsEverythingElse) {
  for (const char* path : {".staging/1", "m/1", "m/01", "m/0", "m/-1", "m/x", "m/.2.staging",
                           "m/99999999999999999999", "sp ace/1"}) {
    fs::create_directories(store_ / path);
  }
  std::ofstream(store_ / "file") << "x";
  std::ofstream(store_ / "m" / "3") << "x";
  fs::create_symlink("/etc", store_ / "link");
  fs::create_symlink("/etc", store_ / "m" / "4");
  STA_ASSERT_OK_AND_ASSIGN(const StoreListing listing, ScanStore(files_, store_));
  ASSERT_EQ(listing.versions.size(), 1u);
  std::map<std::string, std::string> reasons;
  for (const SkippedEntry& skipped : listing.skipped) reasons[skipped.path] = skipped.reason;
  EXPECT_EQ(reasons.size(), 12u);
  EXPECT_THAT(reasons["file"], HasSubstr("no directory"));
  EXPECT_THAT(reasons["link"], HasSubstr("symbolic link"));
  EXPECT_THAT(reasons["m/3"], HasSubstr("no directory"));
  EXPECT_THAT(reasons["m/4"], HasSubstr("symbolic link"));
  EXPECT_THAT(reasons["m/01"], HasSubstr("no version"));
  EXPECT_THAT(reasons["sp ace"], HasSubstr("no model name"));
}

TEST_F(DirectoryStoreTest, AnEmptyStoreIsFine) {
  STA_ASSERT_OK_AND_ASSIGN(const StoreListing listing, ScanStore(files_, store_));
  EXPECT_TRUE(listing.versions.empty());
  EXPECT_TRUE(NewestVersions(listing).empty());
}

TEST_F(DirectoryStoreTest, NamesWhatIsWrongWithTheStore) {
  EXPECT_THAT(ScanStore(files_, store_ / "none"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("does not exist")));
  std::ofstream(store_ / "file") << "x";
  EXPECT_THAT(ScanStore(files_, store_ / "file"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no directory")));
}

TEST_F(DirectoryStoreTest, TheStoreMayBeALinkAndHasAFolderOfItsOwn) {
  fs::create_directories(store_ / "real" / ".sta" / "models");
  fs::create_directories(store_ / "real" / "m" / "1");
  fs::create_symlink("real", store_ / "link");
  STA_ASSERT_OK_AND_ASSIGN(const StoreListing listing, ScanStore(files_, store_ / "link"));
  ASSERT_EQ(listing.versions.size(), 1u);
  EXPECT_EQ(listing.versions[0].path, store_ / "link" / "m" / "1");
  EXPECT_TRUE(listing.skipped.empty());
  fs::remove_all(store_ / "real");
  EXPECT_THAT(ScanStore(files_, store_ / "link"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace sta
