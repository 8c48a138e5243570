// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/alias_change.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr auto kAllAreThere = [](int64_t) { return true; };

TEST(AliasChangeTest, RemembersWhereItWas) {
  ModelRecord record;
  STA_ASSERT_OK_AND_ASSIGN(AliasChange change, ChangeAlias(record, "prod", 1, std::nullopt));
  EXPECT_EQ(change.previous, 0);
  STA_ASSERT_OK_AND_ASSIGN(change, ChangeAlias(record, "prod", 2, std::nullopt));
  EXPECT_EQ(change.previous, 1);
  EXPECT_EQ(change.version, 2);
  STA_ASSERT_OK_AND_ASSIGN(change, ChangeAlias(record, "prod", 2, std::nullopt));
  EXPECT_EQ(record.aliases["prod"], (AliasInfo{2, 1}));  // no move, and nothing forgotten
  STA_ASSERT_OK_AND_ASSIGN(change, SwapAlias(record, "prod", std::nullopt, kAllAreThere));
  EXPECT_EQ(record.aliases["prod"], (AliasInfo{1, 2}));
}

TEST(AliasChangeTest, MovesOnlyFromWhereItIsExpected) {
  ModelRecord record;
  EXPECT_THAT(ChangeAlias(record, "prod", 1, 3),
              StatusIs(StatusCode::kAborted, HasSubstr("there is no alias 'prod'")));
  EXPECT_THAT(ChangeAlias(record, "prod", 1, 0), IsOk());
  EXPECT_THAT(ChangeAlias(record, "prod", 2, 0),
              StatusIs(StatusCode::kAborted, HasSubstr("names version 1")));
  EXPECT_THAT(ChangeAlias(record, "prod", 2, 1), IsOk());
  EXPECT_THAT(SwapAlias(record, "prod", 1, kAllAreThere), StatusIs(StatusCode::kAborted));
  EXPECT_EQ(record.aliases["prod"], (AliasInfo{2, 1}));
}

TEST(AliasChangeTest, RollsBackOnlyToWhatIsThere) {
  ModelRecord record;
  EXPECT_THAT(SwapAlias(record, "prod", std::nullopt, kAllAreThere),
              StatusIs(StatusCode::kNotFound));
  ASSERT_THAT(ChangeAlias(record, "prod", 1, std::nullopt), IsOk());
  EXPECT_THAT(SwapAlias(record, "prod", std::nullopt, kAllAreThere),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("nothing before version 1")));
  ASSERT_THAT(ChangeAlias(record, "prod", 2, std::nullopt), IsOk());
  EXPECT_THAT(SwapAlias(record, "prod", std::nullopt, [](int64_t version) { return version != 1; }),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("version 1 before")));
}

TEST(AliasChangeTest, HasBounds) {
  ModelRecord record;
  for (const char* bad : {"", "1", "-a", ".a", "a b", "a/b", "\xc3\xa4"}) {
    EXPECT_THAT(ChangeAlias(record, bad, 1, std::nullopt), StatusIs(StatusCode::kInvalidArgument))
        << bad;
  }
  for (int i = 0; i < kMaxAliases; ++i) {
    ASSERT_THAT(ChangeAlias(record, "a" + std::to_string(i), 1, std::nullopt), IsOk());
  }
  EXPECT_THAT(ChangeAlias(record, "b", 1, std::nullopt), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_FALSE(record.aliases.contains("b"));
  EXPECT_THAT(ChangeAlias(record, "a0", 2, std::nullopt), IsOk());
  EXPECT_THAT(RemoveAlias(record, "a0"), IsOk());
  EXPECT_THAT(RemoveAlias(record, "a0"), StatusIs(StatusCode::kNotFound));
}

}  // namespace
}  // namespace sta
