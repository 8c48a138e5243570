// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/upload_match.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

class UploadMatchTest : public testing::Test {
 protected:
  absl::StatusOr<UploadMatch> Match(const UploadIdentity& wanted) {
    ModelRecord record;
    record.Delete(2);
    return MatchUpload(wanted, {{.version = 1, .digest = "d1", .key = "k1"}},
                       {{.version = 3, .digest = "d3", .key = "k3", .id = "open"}}, record);
  }
};

TEST_F(UploadMatchTest, FindsVersionsByKeyAndContent) {
  STA_ASSERT_OK_AND_ASSIGN(UploadMatch match, Match({.digest = "d1", .key = "k1"}));
  EXPECT_EQ(match.existing, 1);
  STA_ASSERT_OK_AND_ASSIGN(match, Match({.version = 1, .digest = "d1", .key = "k1"}));
  EXPECT_EQ(match.existing, 1);
  STA_ASSERT_OK_AND_ASSIGN(match, Match({.version = 1, .digest = "d1", .key = "other"}));
  EXPECT_EQ(match.existing, 1);
}

TEST_F(UploadMatchTest, FindsOpenUploads) {
  STA_ASSERT_OK_AND_ASSIGN(UploadMatch match, Match({.digest = "d3", .key = "k3"}));
  EXPECT_EQ(match.open_id, "open");
  STA_ASSERT_OK_AND_ASSIGN(match, Match({.version = 3, .digest = "d3", .key = "k3"}));
  EXPECT_EQ(match.open_id, "open");
}

TEST_F(UploadMatchTest, FindsNothingWhereAllIsNew) {
  for (const UploadIdentity& wanted :
       {UploadIdentity{.digest = "d1", .key = "new"}, UploadIdentity{.digest = "new", .key = "new"},
        UploadIdentity{.version = 3, .digest = "new", .key = "new"},
        UploadIdentity{.version = 4, .digest = "d1", .key = "new"}}) {
    STA_ASSERT_OK_AND_ASSIGN(const UploadMatch match, Match(wanted));
    EXPECT_FALSE(match.existing.has_value() || match.open_id.has_value()) << wanted.digest;
  }
}

TEST_F(UploadMatchTest, RefusesContradictions) {
  const auto refused = [](const char* text) {
    return StatusIs(StatusCode::kAlreadyExists, HasSubstr(text));
  };
  EXPECT_THAT(Match({.digest = "new", .key = "k1"}), refused("used for version 1"));
  EXPECT_THAT(Match({.digest = "new", .key = "k3"}), refused("used for version 3"));
  EXPECT_THAT(Match({.version = 4, .digest = "d1", .key = "k1"}), refused("use another key"));
  EXPECT_THAT(Match({.version = 4, .digest = "d3", .key = "k3"}), refused("use another key"));
  EXPECT_THAT(Match({.version = 1, .digest = "new", .key = "new"}), refused("version 1 exists"));
  EXPECT_THAT(Match({.version = 2, .digest = "new", .key = "new"}), refused("the next is 3"));
}

}  // namespace
}  // namespace sta
