// SPDX-License-Identifier: Apache-2.0
#include "model_store/codec/pattern.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;

TEST(PatternTest, ReadsWhatItWrites) {
  for (const int m : {4, 8, 16, 32}) {
    for (int n = 1; n <= m; ++n) {
      const Pattern pattern{n, m};
      STA_ASSERT_OK_AND_ASSIGN(const Pattern read, Pattern::Parse(pattern.ToString()));
      EXPECT_EQ(read, pattern);
    }
  }
  STA_ASSERT_OK_AND_ASSIGN(const Pattern dense, Pattern::Parse("dense"));
  EXPECT_TRUE(dense.IsDense());
  EXPECT_EQ(dense.ToString(), "dense");
}

TEST(PatternTest, RefusesEverythingElse) {
  for (const char* text : {"", ":", "2", "2:", ":8", "0:8", "9:8", "-1:8", "2:5", "1:1", "2:64",
                           " 2:8", "2:8 ", "02:8", "+2:8", "2:8:1", "Dense", "99999999999:8"}) {
    EXPECT_THAT(Pattern::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is not")))
        << text;
  }
}

TEST(PatternTest, CountsTheEntriesOfTheLastPartialGroup) {
  EXPECT_EQ((Pattern{2, 8}).EntriesPerRow(16), 4);
  EXPECT_EQ((Pattern{2, 8}).EntriesPerRow(17), 5);
  EXPECT_EQ((Pattern{2, 8}).EntriesPerRow(19), 6);
  EXPECT_EQ((Pattern{2, 8}).EntriesPerRow(1), 1);
  EXPECT_EQ((Pattern{2, 8}).EntriesPerRow(0), 0);
  EXPECT_EQ(Pattern::Dense().EntriesPerRow(13), 13);
}

}  // namespace
}  // namespace sta
