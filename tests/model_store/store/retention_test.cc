// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sta {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

VersionInfo Uploaded(std::string name, int64_t version) {
  return {.name = std::move(name), .version = version, .uploaded = true};
}

StoreSnapshot TwoModels() {
  return {.versions = {Uploaded("a", 9), Uploaded("a", 5), Uploaded("a", 3), Uploaded("a", 1),
                       Uploaded("b", 2), Uploaded("b", 1)}};
}

TEST(RetentionTest, ZeroKeepsAll) {
  EXPECT_THAT(ChooseRetentionVictims(TwoModels(), 0), IsEmpty());
}

TEST(RetentionTest, KeepsTheNewestOfEachModel) {
  EXPECT_THAT(ChooseRetentionVictims(TwoModels(), 2),
              ElementsAre(RetentionVictim{"a", 1}, RetentionVictim{"a", 3}));
  EXPECT_THAT(ChooseRetentionVictims(TwoModels(), 1),
              ElementsAre(RetentionVictim{"a", 1}, RetentionVictim{"b", 1}, RetentionVictim{"a", 3},
                          RetentionVictim{"a", 5}));
  EXPECT_THAT(ChooseRetentionVictims(TwoModels(), 4), IsEmpty());
}

TEST(RetentionTest, KeepsWhatAliasesNameOrNamed) {
  StoreSnapshot snapshot = TwoModels();
  snapshot.aliases["a"]["prod"] = {.version = 3, .previous = 1};
  EXPECT_THAT(ChooseRetentionVictims(snapshot, 1),
              ElementsAre(RetentionVictim{"b", 1}, RetentionVictim{"a", 5}));
}

TEST(RetentionTest, CountsVersionsOfOtherMeansButKeepsThem) {
  StoreSnapshot snapshot = TwoModels();
  snapshot.versions[0].uploaded = false;
  snapshot.versions[3].uploaded = false;
  EXPECT_THAT(ChooseRetentionVictims(snapshot, 2), ElementsAre(RetentionVictim{"a", 3}));
}

}  // namespace
}  // namespace sta
