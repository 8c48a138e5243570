// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/store_names.h"

#include <gtest/gtest.h>

#include <string>

namespace sta {
namespace {

TEST(StoreNamesTest, ChecksModelNames) {
  for (const char* good : {"a", "Mini-LM_v2.1", "0"}) EXPECT_TRUE(IsModelName(good)) << good;
  for (const char* bad : {"", ".", "..", ".a", "a/b", "a b", "\xc3\xa4", "a@1"}) {
    EXPECT_FALSE(IsModelName(bad)) << bad;
  }
  EXPECT_TRUE(IsModelName(std::string(128, 'a')));
  EXPECT_FALSE(IsModelName(std::string(129, 'a')));
}

TEST(StoreNamesTest, AnAliasBeginsWithALetter) {
  for (const char* good : {"prod", "A", "z9", "canary-2.x_y"}) EXPECT_TRUE(IsAliasName(good));
  for (const char* bad : {"", "1", "-a", "_a", ".a", "a b"}) EXPECT_FALSE(IsAliasName(bad)) << bad;
}

TEST(StoreNamesTest, ReadsVersionNumbers) {
  EXPECT_EQ(ParseVersionNumber("1"), 1);
  EXPECT_EQ(ParseVersionNumber("9007199254740992"), kMaxVersion);
  for (const char* bad : {"", "0", "01", "-1", "+1", "1 ", " 1", "1.0", "x", "9007199254740993",
                          "99999999999999999999"}) {
    EXPECT_EQ(ParseVersionNumber(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace sta
