// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/store_snapshot.h"

#include <gtest/gtest.h>

namespace sta {
namespace {

TEST(StoreSnapshotTest, FindsVersionsAndAliasesAndNothingElse) {
  StoreSnapshot snapshot;
  for (const int64_t version : {10, 9, 2})
    snapshot.versions.push_back({.name = "b", .version = version});
  snapshot.versions.push_back({.name = "c", .version = 9});
  snapshot.aliases["b"]["prod"] = {.version = 9, .previous = 2};

  for (const VersionInfo& info : snapshot.versions) {
    EXPECT_EQ(snapshot.Find(info.name, info.version), &info);
  }
  EXPECT_EQ(snapshot.Find("b", 3), nullptr);
  EXPECT_EQ(snapshot.Find("b", 11), nullptr);
  EXPECT_EQ(snapshot.Find("b", 1), nullptr);
  EXPECT_EQ(snapshot.Find("c", 10), nullptr);
  EXPECT_EQ(snapshot.Find("a", 9), nullptr);
  EXPECT_EQ(snapshot.Find("d", 9), nullptr);

  ASSERT_NE(snapshot.FindAlias("b", "prod"), nullptr);
  EXPECT_EQ(snapshot.FindAlias("b", "prod")->version, 9);
  EXPECT_EQ(snapshot.FindAlias("b", "canary"), nullptr);
  EXPECT_EQ(snapshot.FindAlias("c", "prod"), nullptr);
}

}  // namespace
}  // namespace sta
