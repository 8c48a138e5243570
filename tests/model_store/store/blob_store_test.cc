// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/blob_store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/fake_clock.h"
#include "tests/support/simulated_file_system.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class BlobStoreTest : public testing::Test {
 protected:
  BlobStoreTest() {
    files_.PutDirectory("/s/.sta/blobs");
    files_.PutFile("/s/part", "bytes");
  }
  bool IsThere(const std::string& path) { return files_.Stat(path).ok(); }

  const std::string sha256_ = std::string(64, 'a');
  const std::string blob_ = "/s/.sta/blobs/aa/" + sha256_;
  FakeClock clock_;
  SimulatedFileSystem files_{clock_};
  const StoreLayout layout_{"/s"};
  std::vector<std::string> warnings_;
  BlobStore blobs_{files_, layout_, [this](const std::string& text) { warnings_.push_back(text); }};
};

TEST_F(BlobStoreTest, AdoptsAndGivesLinksDurably) {
  EXPECT_THAT(blobs_.Has(sha256_, 5), IsOkAndHolds(false));
  ASSERT_THAT(blobs_.Adopt(sha256_, 5, "/s/part"), IsOk());
  EXPECT_THAT(blobs_.Has(sha256_, 5), IsOkAndHolds(true));
  EXPECT_THAT(blobs_.Has(sha256_, 6), IsOkAndHolds(false));
  ASSERT_THAT(blobs_.Give(sha256_, "/s/given"), IsOk());
  EXPECT_EQ(files_.Stat(blob_)->link_count, 3);
  EXPECT_THAT(blobs_.Give(sha256_, "/s/given"), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_TRUE(files_.AfterCrash({})->Stat(blob_).ok());
}

TEST_F(BlobStoreTest, KeepsTheBlobThatIsThereUnlessItsSizeIsWrong) {
  ASSERT_THAT(blobs_.Adopt(sha256_, 5, "/s/part"), IsOk());
  files_.PutFile("/s/second", "BYTES");
  ASSERT_THAT(blobs_.Adopt(sha256_, 5, "/s/second"), IsOk());
  EXPECT_EQ(files_.Tree()[blob_], "bytes");
  files_.PutFile("/s/third", "longer");
  ASSERT_THAT(blobs_.Adopt(sha256_, 6, "/s/third"), IsOk());
  EXPECT_EQ(files_.Tree()[blob_], "longer");
  EXPECT_EQ(files_.Tree()["/s/part"], "bytes");
}

TEST_F(BlobStoreTest, CollectsWhatNothingNames) {
  ASSERT_THAT(blobs_.Adopt(sha256_, 5, "/s/part"), IsOk());
  ASSERT_THAT(blobs_.CollectGarbage(), IsOk());
  EXPECT_TRUE(IsThere(blob_));  // the part is a name, too
  ASSERT_THAT(files_.RemoveFile("/s/part"), IsOk());
  blobs_.Pin({sha256_});
  blobs_.Pin({sha256_});
  blobs_.Unpin({sha256_});
  ASSERT_THAT(blobs_.CollectGarbage(), IsOk());
  ASSERT_THAT(blobs_.CollectGarbage({sha256_}), IsOk());
  EXPECT_TRUE(IsThere(blob_));
  blobs_.Unpin({sha256_});
  ASSERT_THAT(blobs_.CollectGarbage({std::string(64, 'b')}), IsOk());
  EXPECT_TRUE(IsThere(blob_));
  ASSERT_THAT(blobs_.CollectGarbage({sha256_}), IsOk());
  EXPECT_FALSE(IsThere(blob_));
}

TEST_F(BlobStoreTest, CollectsWhatIsNoBlob) {
  files_.PutFile("/s/.sta/blobs/file", "x");
  files_.PutFile("/s/.sta/blobs/aa/short", "x");
  files_.PutFile("/s/.sta/blobs/bb/" + sha256_, "x");
  files_.PutFile("/s/.sta/blobs/aa/folder/x", "x");
  files_.PutSymlink("/s/.sta/blobs/link");
  ASSERT_THAT(blobs_.CollectGarbage(), IsOk());
  for (const auto& [path, bytes] : files_.Tree()) {
    EXPECT_TRUE(path.ends_with("/") || path == "/s/part") << path;
  }
  EXPECT_FALSE(IsThere("/s/.sta/blobs/link"));
}

TEST_F(BlobStoreTest, CopiesWhereNoLinksAre) {
  files_.SetHardLinks(false);
  ASSERT_THAT(blobs_.Adopt(sha256_, 5, "/s/part"), IsOk());
  EXPECT_FALSE(IsThere("/s/part"));
  EXPECT_THAT(warnings_, IsEmpty());
  ASSERT_THAT(blobs_.Give(sha256_, "/s/one"), IsOk());
  ASSERT_THAT(blobs_.Give(sha256_, "/s/two"), IsOk());
  EXPECT_THAT(warnings_, SizeIs(1));
  EXPECT_EQ(files_.Tree()["/s/two"], "bytes");
  EXPECT_THAT(files_.OpenToAppend("/s/two"), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(BlobStoreTest, ForgetsOnlyItsOwnName) {
  ASSERT_THAT(blobs_.Adopt(sha256_, 5, "/s/part"), IsOk());
  ASSERT_THAT(blobs_.Forget(sha256_), IsOk());
  ASSERT_THAT(blobs_.Forget(sha256_), IsOk());
  EXPECT_THAT(blobs_.Has(sha256_, 5), IsOkAndHolds(false));
  EXPECT_EQ(files_.Tree()["/s/part"], "bytes");
}

}  // namespace
}  // namespace sta
