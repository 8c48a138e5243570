// SPDX-License-Identifier: Apache-2.0
#include "server/models/lifecycle_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

namespace sta {

void PrintTo(const Action& action, std::ostream* os) {
  constexpr const char* kKinds[] = {"load", "unload", "evict", "refuse"};
  *os << kKinds[static_cast<int>(action.kind)] << " " << action.name << "/" << action.version;
}

namespace {

using enum ModelState;
using enum Action::Kind;
using testing::ElementsAre;
using testing::Optional;

std::optional<Action> Next(std::vector<ModelSnapshot> models, const LifecyclePolicy& policy = {}) {
  return NextAction({.models = std::move(models)}, policy);
}

Action On(Action::Kind kind, int64_t version, const char* name = "m") {
  return {.kind = kind, .name = name, .version = version};
}

TEST(LifecyclePolicyTest, LoadsTheNewestVersionOfEachModelAndNoOther) {
  EXPECT_THAT(Next({{"a", {{.version = 2, .state = kReady}, {.version = 1}}},
                    {"b", {{.version = 9}, {.version = 8}}}}),
              Optional(On(kLoad, 9, "b")));
  EXPECT_EQ(Next({{"a", {{.version = 2, .state = kReady}, {.version = 1}}}}), std::nullopt);
}

TEST(LifecyclePolicyTest, LoadsAsManyOfTheNewestAsItIsTold) {
  const std::vector<ModelSnapshot> models = {
      {"m", {{.version = 3, .state = kReady}, {.version = 2}, {.version = 1}}}};
  EXPECT_THAT(Next(models, {.load_newest = 2}), Optional(On(kLoad, 2)));
  EXPECT_THAT(Next(models, {.load_newest = 0}), Optional(On(kUnload, 3)));
}

TEST(LifecyclePolicyTest, LoadsWhatHasAnAliasOrWasAskedFor) {
  EXPECT_THAT(
      Next({{"m", {{.version = 3, .state = kReady}, {.version = 2}, {1, kUnloaded, true}}}}),
      Optional(On(kLoad, 1)));
  EXPECT_THAT(Next({{"m", {{.version = 3, .state = kReady}, {.version = 2, .is_pinned = true}}}}),
              Optional(On(kLoad, 2)));
}

TEST(LifecyclePolicyTest, LoadsFirstWhatIsWaitedForThenProdThenAliasesThenNewer) {
  std::vector<ModelSnapshot> models = {{"m",
                                        {{.version = 4},
                                         {.version = 3, .has_alias = true},
                                         {.version = 2, .has_alias = true, .is_prod = true},
                                         {.version = 1, .is_demanded = true}}}};
  for (const int64_t expected : {1, 2, 3, 4}) {
    EXPECT_THAT(Next(models), Optional(On(kLoad, expected)));
    models[0].versions[static_cast<size_t>(4 - expected)].state = kReady;
  }
}

TEST(LifecyclePolicyTest, LoadsOneAtATime) {
  for (const ModelState state : {kVerifying, kLoading, kWarming}) {
    EXPECT_EQ(Next({{"a", {{.version = 1, .state = state}}}, {"b", {{.version = 1}}}}),
              std::nullopt);
  }
}

TEST(LifecyclePolicyTest, DoesNotUnloadWhileTheNewVersionIsNotReady) {
  for (const ModelState state : {kVerifying, kLoading, kWarming, kDraining}) {
    EXPECT_EQ(Next({{"m", {{.version = 2, .state = state}, {.version = 1, .state = kReady}}}}),
              std::nullopt);
  }
  EXPECT_THAT(Next({{"m", {{.version = 2}, {.version = 1, .state = kReady}}}}),
              Optional(On(kLoad, 2)));
}

TEST(LifecyclePolicyTest, UnloadsTheOldVersionWhenTheNewOneIsReady) {
  EXPECT_THAT(Next({{"m", {{.version = 2, .state = kReady}, {.version = 1, .state = kReady}}}}),
              Optional(On(kUnload, 1)));
}

TEST(LifecyclePolicyTest, AFailedLoadKeepsTheOldVersionServing) {
  EXPECT_EQ(Next({{"m", {{.version = 2, .state = kFailed}, {.version = 1, .state = kReady}}}}),
            std::nullopt);
}

TEST(LifecyclePolicyTest, AFailedVersionIsNoReasonToKeepOthersBesideOneThatIsReady) {
  EXPECT_THAT(Next({{"m",
                     {{.version = 3, .state = kFailed},
                      {.version = 2, .state = kReady, .has_alias = true},
                      {.version = 1, .state = kReady}}}}),
              Optional(On(kUnload, 1)));
}

TEST(LifecyclePolicyTest, AFailedVersionIsLoadedAgainOnlyWhenSomethingChanged) {
  EXPECT_EQ(Next({{"m", {{.version = 1, .state = kFailed}}}}), std::nullopt);
  EXPECT_EQ(Next({{"m", {{.version = 1, .state = kFailed, .is_demanded = true}}}}), std::nullopt);
  EXPECT_THAT(Next({{"m", {{.version = 1, .state = kFailed, .may_retry = true}}}}),
              Optional(On(kLoad, 1)));
}

TEST(LifecyclePolicyTest, WhatTheOperatorTookOutGoesAtOnceAndStaysOut) {
  EXPECT_THAT(Next({{"m", {{.version = 1, .state = kReady, .is_taken_out = true}}}}),
              Optional(On(kUnload, 1)));
  EXPECT_EQ(Next({{"m", {{.version = 2, .is_taken_out = true}, {.version = 1}}}}), std::nullopt)
      << "and an older one does not come in its place";
  EXPECT_EQ(Next({{"m", {{.version = 1, .has_alias = true, .is_taken_out = true}}}}), std::nullopt);
}

TEST(LifecyclePolicyTest, UnloadsTheRestOfAModelWhoseWantedVersionsWereTakenOut) {
  EXPECT_THAT(
      Next({{"m", {{.version = 2, .is_taken_out = true}, {.version = 1, .state = kReady}}}}),
      Optional(On(kUnload, 1)));
}

TEST(LifecyclePolicyTest, AVersionThatLeavesTheStoreIsReplacedFirst) {
  std::vector<ModelSnapshot> models = {
      {"m",
       {{.version = 3, .state = kReady, .has_alias = true, .is_leaving = true},
        {.version = 2},
        {.version = 1}}}};
  VersionSnapshot& next = models[0].versions[1];
  EXPECT_THAT(Next(models), Optional(On(kLoad, 2)));
  next.state = kLoading;
  EXPECT_EQ(Next(models), std::nullopt);
  for (const ModelState state : {kReady, kFailed}) {
    next.state = state;
    EXPECT_THAT(Next(models), Optional(On(kUnload, 3)));
  }
  models[0].versions.resize(1);
  EXPECT_THAT(Next(models), Optional(On(kUnload, 3)));
}

TEST(LifecyclePolicyTest, AVersionThatWasPutOutComesBackWhenItIsAskedFor) {
  EXPECT_EQ(Next({{"m", {{.version = 1, .is_evicted = true}}}}), std::nullopt);
  EXPECT_THAT(Next({{"m", {{.version = 1, .is_evicted = true, .is_demanded = true}}}}),
              Optional(On(kLoad, 1)));
}

TEST(LifecyclePolicyTest, KeepsTheOldVersionWhereTheNewOneDidNotFit) {
  EXPECT_EQ(Next({{"m", {{.version = 2, .is_evicted = true}, {.version = 1, .state = kReady}}}}),
            std::nullopt);
}

// Models of 10 bytes each, named after their letters; the one in `load` is to be loaded.
class MemoryBudgetTest : public testing::Test {
 protected:
  std::optional<Action> Next(int64_t budget_bytes) const {
    return NextAction({.models = models_}, {.memory_budget_bytes = budget_bytes});
  }

  std::vector<ModelSnapshot> models_ = {
      {"a", {{.version = 1, .state = kReady, .last_use = 7, .memory_bytes = 10}}},
      {"b", {{.version = 1, .state = kReady, .last_use = 5, .memory_bytes = 10}}},
      {"c", {{.version = 1, .state = kReady, .last_use = 6, .memory_bytes = 10}}},
      {"load", {{.version = 1, .memory_bytes = 10}}}};
  VersionSnapshot& a_ = models_[0].versions[0];
  VersionSnapshot& b_ = models_[1].versions[0];
  VersionSnapshot& c_ = models_[2].versions[0];
};

TEST_F(MemoryBudgetTest, LoadsWhatFits) {
  EXPECT_THAT(Next(40), Optional(On(kLoad, 1, "load")));
  EXPECT_THAT(Next(0), Optional(On(kLoad, 1, "load"))) << "no bound";
}

TEST_F(MemoryBudgetTest, EvictsTheLeastRecentlyUsed) {
  EXPECT_THAT(Next(39), Optional(On(kEvict, 1, "b")));
  b_.state = kUnloaded;
  b_.is_evicted = true;
  EXPECT_THAT(Next(39), Optional(On(kLoad, 1, "load")));
}

TEST_F(MemoryBudgetTest, WaitsForWhatIsDrainingInsteadOfEvictingMore) {
  b_.state = kDraining;
  b_.is_evicted = true;
  EXPECT_EQ(Next(39), std::nullopt);
}

TEST_F(MemoryBudgetTest, NeverEvictsWhatIsInUseAskedForProdOrWaitedFor) {
  b_.is_leased = true;
  EXPECT_THAT(Next(39), Optional(On(kEvict, 1, "c")));
  b_ = {.version = 1, .state = kReady, .is_pinned = true, .memory_bytes = 10};
  EXPECT_THAT(Next(39), Optional(On(kEvict, 1, "c")));
  b_ = {.version = 1, .state = kReady, .has_alias = true, .is_prod = true, .memory_bytes = 10};
  EXPECT_THAT(Next(39), Optional(On(kEvict, 1, "c")));
  b_ = {.version = 1, .state = kReady, .is_demanded = true, .memory_bytes = 10};
  EXPECT_THAT(Next(39), Optional(On(kEvict, 1, "c")));
}

TEST_F(MemoryBudgetTest, RefusesWhatWouldNotFitEvenThenAndEvictsNothingForIt) {
  a_.is_leased = b_.is_leased = true;
  EXPECT_THAT(Next(29), Optional(On(kRefuse, 1, "load")));
  EXPECT_THAT(Next(30), Optional(On(kEvict, 1, "c")));
}

TEST_F(MemoryBudgetTest, DoesNotEvictTheOldVersionOfAModelForItsNewOne) {
  models_.resize(1);
  models_[0].versions.insert(models_[0].versions.begin(), {.version = 2, .memory_bytes = 10});
  EXPECT_THAT(Next(19), Optional(On(kRefuse, 2, "a")));
  EXPECT_THAT(Next(20), Optional(On(kLoad, 2, "a")));
}

TEST_F(MemoryBudgetTest, EvictsWhatIsIdleWhereVersionsTakeMoreThanWasGuessed) {
  models_.pop_back();
  EXPECT_EQ(Next(30), std::nullopt);
  EXPECT_THAT(Next(29), Optional(On(kEvict, 1, "b")));
  a_.is_leased = b_.is_leased = c_.is_leased = true;
  EXPECT_EQ(Next(29), std::nullopt);
}

TEST(LifecyclePolicyTest, TellsWhatIsWanted) {
  const ModelSnapshot model = {"m",
                               {{.version = 6},
                                {.version = 5, .has_alias = true},
                                {.version = 4, .has_alias = true, .is_taken_out = true},
                                {.version = 3, .is_pinned = true, .is_evicted = true},
                                {.version = 2, .is_demanded = true},
                                {.version = 1}}};
  EXPECT_THAT(Wanted(model, {}), ElementsAre(true, true, false, false, true, false));
}

}  // namespace
}  // namespace sta
