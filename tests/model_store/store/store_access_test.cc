// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/store_access.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/fake_clock.h"
#include "tests/support/simulated_file_system.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

class StoreAccessTest : public testing::Test {
 protected:
  StoreAccessTest() {
    files_.PutDirectory("/s");
    options_.on_warning = [this](const std::string& text) { warnings_.push_back(text); };
  }

  FakeClock clock_;
  SimulatedFileSystem files_{clock_};
  StoreOptions options_;
  std::vector<std::string> warnings_;
};

TEST_F(StoreAccessTest, APlainDirectoryBecomesAStoreDurably) {
  STA_ASSERT_OK_AND_ASSIGN(const StoreAccess access, OpenStoreFolder(files_, "/s", options_));
  EXPECT_NE(access.lock, nullptr);
  auto tree = files_.AfterCrash({})->Tree();
  EXPECT_EQ(tree["/s/.sta/format"], "sta-store 1\n");
  for (const char* folder : {"blobs", "models", "uploads", "staging", "trash"}) {
    EXPECT_TRUE(tree.contains(std::string("/s/.sta/") + folder + "/")) << folder;
  }
}

TEST_F(StoreAccessTest, AnyOneFailureIsFollowedByAnotherTry) {
  for (int64_t call = 1;; ++call) {
    files_.RemoveAll("/s");
    files_.PutDirectory("/s");
    files_.SetFault({FaultKind::kError, files_.calls() + call, EIO});
    const absl::StatusOr<StoreAccess> first = OpenStoreFolder(files_, "/s", options_);
    if (files_.struck().empty()) break;
    EXPECT_THAT(first, StatusIs(StatusCode::kDataLoss)) << files_.struck();
    files_.SetFault({});
    EXPECT_THAT(OpenStoreFolder(files_, "/s", options_), IsOk());
  }
}

TEST_F(StoreAccessTest, RefusesWhatIsNoStore) {
  EXPECT_THAT(OpenStoreFolder(files_, "/none", options_), StatusIs(StatusCode::kNotFound));
  files_.PutFile("/file", "x");
  EXPECT_THAT(OpenStoreFolder(files_, "/file", options_),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("is no directory")));
  files_.PutSymlink("/s/.sta");
  EXPECT_THAT(OpenStoreFolder(files_, "/s", options_), StatusIs(StatusCode::kDataLoss));
}

TEST_F(StoreAccessTest, RefusesNewerFormatsBeforeItWrites) {
  files_.PutFile("/s/.sta/format", "sta-store 2\n");
  const auto before = files_.Tree();
  for (const bool read_only : {false, true}) {
    options_.read_only = read_only;
    EXPECT_THAT(OpenStoreFolder(files_, "/s", options_),
                StatusIs(StatusCode::kFailedPrecondition, HasSubstr("has format 2")));
  }
  EXPECT_EQ(files_.Tree(), before);
  for (const char* bad : {"", "sta-store 1", "sta-store 0\n", "sta-store x\n", "other 1\n"}) {
    files_.PutFile("/s/.sta/format", bad);
    EXPECT_THAT(OpenStoreFolder(files_, "/s", options_),
                StatusIs(StatusCode::kDataLoss, HasSubstr(".sta/format")))
        << bad;
  }
}

TEST_F(StoreAccessTest, RefusesASecondWriter) {
  STA_ASSERT_OK_AND_ASSIGN(const StoreAccess first, OpenStoreFolder(files_, "/s", options_));
  EXPECT_THAT(OpenStoreFolder(files_, "/s", options_),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("the store is in use")));
  options_.read_only = true;
  STA_ASSERT_OK_AND_ASSIGN(const StoreAccess reader, OpenStoreFolder(files_, "/s", options_));
  EXPECT_EQ(reader.lock, nullptr);
}

TEST_F(StoreAccessTest, ReadsWhereItMayNotWrite) {
  files_.SetReadOnlyVolume(true);
  STA_ASSERT_OK_AND_ASSIGN(const StoreAccess plain, OpenStoreFolder(files_, "/s", options_));
  EXPECT_EQ(plain.lock, nullptr);
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("the store is read-only: ")));
  options_.read_only = true;
  EXPECT_THAT(OpenStoreFolder(files_, "/s", options_), IsOk());
  EXPECT_EQ(warnings_.size(), 1);
}

}  // namespace
}  // namespace sta
