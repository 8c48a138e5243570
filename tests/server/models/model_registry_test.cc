// SPDX-License-Identifier: Apache-2.0
#include "server/models/model_registry.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::shared_ptr<const ServedModel> Served(const char* name, int64_t version) {
  auto served = std::make_shared<ServedModel>();
  served->name = name;
  served->version = version;
  return served;
}

void SetReady(ModelRegistry& registry, const char* name, int64_t version) {
  registry.SetReady(
      {.name = name, .version = version, .state = ModelState::kReady, .is_wanted = true},
      Served(name, version));
}

void Set(ModelRegistry& registry, const char* name, int64_t version, ModelState state,
         const char* reason = "") {
  registry.Set({.name = name,
                .version = version,
                .state = state,
                .reason = reason,
                .is_wanted = state != ModelState::kUnloaded});
}

class FakeListener : public ModelRegistry::Listener {
 public:
  void OnWanted(std::string_view name, int64_t version) override {
    wanted.emplace_back(name, version);
  }
  void OnDamaged(std::string_view name, int64_t /*version*/, std::string_view reason) override {
    damaged.emplace_back(name, reason);
  }

  std::vector<std::pair<std::string, int64_t>> wanted;
  std::vector<std::pair<std::string, std::string>> damaged;
};

TEST(ModelRegistryTest, FindsTheNewestReadyVersionOrTheOneAskedFor) {
  ModelRegistry registry;
  for (const int64_t version : {1, 9, 10}) SetReady(registry, "m", version);
  Set(registry, "m", 11, ModelState::kLoading);
  STA_ASSERT_OK_AND_ASSIGN(const auto newest, registry.Find("m", ""));
  EXPECT_EQ(newest->version, 10);
  STA_ASSERT_OK_AND_ASSIGN(const auto ninth, registry.Find("m", "9"));
  EXPECT_EQ(ninth->version, 9);
}

TEST(ModelRegistryTest, FindsByAliasAndProdIsTheDefault) {
  ModelRegistry registry;
  for (const int64_t version : {1, 2, 3}) SetReady(registry, "m", version);
  registry.SetAliases("m", {{"prod", 1}, {"canary", 3}});
  STA_ASSERT_OK_AND_ASSIGN(const auto unset, registry.Find("m", ""));
  EXPECT_EQ(unset->version, 1);
  STA_ASSERT_OK_AND_ASSIGN(const auto canary, registry.Find("m", "canary"));
  EXPECT_EQ(canary->version, 3);
  EXPECT_THAT(registry.Find("m", "stage"), StatusIs(StatusCode::kNotFound, HasSubstr("'stage'")));
  const std::vector<ModelStatus> list = registry.List("m");
  EXPECT_THAT(list[0].aliases, ElementsAre("canary"));
  EXPECT_THAT(list[1].aliases, IsEmpty());
  EXPECT_THAT(list[2].aliases, ElementsAre("prod"));
  EXPECT_TRUE(list[2].is_default);
  EXPECT_FALSE(list[0].is_default);
}

TEST(ModelRegistryTest, AProdThatIsNotReadyIsNotReplacedByAnotherVersion) {
  ModelRegistry registry;
  SetReady(registry, "m", 2);
  Set(registry, "m", 1, ModelState::kLoading);
  registry.SetAliases("m", {{"prod", 1}});
  EXPECT_THAT(registry.Find("m", ""), StatusIs(StatusCode::kUnavailable, HasSubstr("version 1")));
  EXPECT_FALSE(registry.IsServing("m"));
}

TEST(ModelRegistryTest, SaysWhyThereIsNone) {
  ModelRegistry registry;
  Set(registry, "slow", 1, ModelState::kLoading);
  Set(registry, "bad", 2, ModelState::kFailed, "damaged");
  Set(registry, "going", 1, ModelState::kDraining);
  Set(registry, "off", 1, ModelState::kUnloaded);
  Set(registry, "big", 1, ModelState::kUnloaded, "does not fit");
  SetReady(registry, "m", 1);
  const struct {
    const char* name;
    const char* version;
    StatusCode code;
    const char* message;
  } kCases[] = {
      {"x", "", StatusCode::kNotFound, "'x'"},
      {"m", "2", StatusCode::kNotFound, "newest is 1"},
      {"slow", "", StatusCode::kUnavailable, "is being loaded"},
      {"bad", "", StatusCode::kFailedPrecondition, "could not be loaded: damaged"},
      {"going", "1", StatusCode::kUnavailable, "is being unloaded"},
      {"off", "", StatusCode::kFailedPrecondition, "'stactl model load' loads it"},
      {"big", "", StatusCode::kResourceExhausted, "does not fit"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(registry.Find(c.name, c.version), StatusIs(c.code, HasSubstr(c.message))) << c.name;
  }
  for (const char* version : {"0", "-1", "01", "1.0", " 1", "99999999999999999999", "_a", "a/b"}) {
    EXPECT_THAT(registry.Find("m", version),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("neither")))
        << version;
  }
}

TEST(ModelRegistryTest, ARequestForAnEvictedVersionTellsTheListenerOnce) {
  ModelRegistry registry;
  const auto listener = std::make_shared<FakeListener>();
  registry.SetListener(listener);
  const ModelStatus evicted = {
      .name = "m", .version = 3, .state = ModelState::kUnloaded, .is_evicted = true};
  registry.Set(evicted);
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(registry.Find("m", ""),
                StatusIs(StatusCode::kUnavailable, HasSubstr("is being loaded")));
  }
  EXPECT_THAT(listener->wanted, ElementsAre(testing::Pair("m", 3)));
  registry.Set(evicted);
  EXPECT_THAT(registry.Find("m", "3"), StatusIs(StatusCode::kUnavailable));
  EXPECT_EQ(listener->wanted.size(), 2u);
  EXPECT_TRUE(registry.AllReady()) << "what was put out is there when it is asked for";
}

TEST(ModelRegistryTest, DescribesInEveryStateAndWakesNobody) {
  ModelRegistry registry;
  const auto listener = std::make_shared<FakeListener>();
  registry.SetListener(listener);
  registry.Set({.name = "m", .version = 1, .state = ModelState::kUnloaded, .is_evicted = true});
  Set(registry, "m", 2, ModelState::kFailed, "damaged");
  STA_ASSERT_OK_AND_ASSIGN(const ModelStatus second, registry.Describe("m", "2"));
  EXPECT_EQ(second.reason, "damaged");
  STA_ASSERT_OK_AND_ASSIGN(const ModelStatus unset, registry.Describe("m", ""));
  EXPECT_EQ(unset.version, 1);
  EXPECT_THAT(registry.Describe("m", "3"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(listener->wanted, IsEmpty());
}

TEST(ModelRegistryTest, PassesDamageOn) {
  ModelRegistry registry;
  const auto served = Served("m", 1);
  registry.ReportDamage(*served, "nobody listens");
  const auto listener = std::make_shared<FakeListener>();
  registry.SetListener(listener);
  registry.ReportDamage(*served, "cut");
  EXPECT_THAT(listener->damaged, ElementsAre(testing::Pair("m", "cut")));
}

TEST(ModelRegistryTest, ReadyWhenEveryWantedModelServes) {
  ModelRegistry registry;
  EXPECT_TRUE(registry.AllReady());
  Set(registry, "a", 1, ModelState::kLoading);
  EXPECT_FALSE(registry.AllReady());
  SetReady(registry, "a", 1);
  EXPECT_TRUE(registry.AllReady());
  Set(registry, "a", 2, ModelState::kLoading);
  EXPECT_TRUE(registry.AllReady()) << "the old version serves while the new one loads";
  Set(registry, "a", 2, ModelState::kFailed);
  EXPECT_TRUE(registry.AllReady());
  Set(registry, "b", 1, ModelState::kFailed);
  EXPECT_FALSE(registry.AllReady());
  Set(registry, "b", 1, ModelState::kUnloaded);
  EXPECT_TRUE(registry.AllReady()) << "nobody wants it";
}

TEST(ModelRegistryTest, KnowsWhatIsLeasedAndWhichLeaseWasLast) {
  ModelRegistry registry;
  SetReady(registry, "a", 1);
  SetReady(registry, "b", 1);
  EXPECT_LT(registry.UseOf("a", 1).last, registry.UseOf("b", 1).last);
  EXPECT_FALSE(registry.UseOf("a", 1).is_leased);
  {
    STA_ASSERT_OK_AND_ASSIGN(const auto lease, registry.Find("a", ""));
    EXPECT_TRUE(registry.UseOf("a", 1).is_leased);
  }
  EXPECT_FALSE(registry.UseOf("a", 1).is_leased);
  EXPECT_GT(registry.UseOf("a", 1).last, registry.UseOf("b", 1).last);
  EXPECT_EQ(registry.UseOf("a", 2).last, 0u);
}

TEST(ModelRegistryTest, ListsByNameNewestFirstAndLetsGo) {
  ModelRegistry registry;
  SetReady(registry, "b", 1);
  SetReady(registry, "a", 2);
  Set(registry, "a", 3, ModelState::kFailed, "why");
  const std::vector<ModelStatus> list = registry.List();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].version, 3);
  EXPECT_EQ(list[0].reason, "why");
  EXPECT_EQ(list[2].name, "b");
  STA_ASSERT_OK_AND_ASSIGN(const auto lease, registry.Find("a", "2"));
  registry.Remove("a", 2);
  EXPECT_EQ(lease.use_count(), 1);
  registry.Remove("a", 3);
  EXPECT_THAT(registry.Find("a", ""), StatusIs(StatusCode::kNotFound));
  registry.Clear();
  EXPECT_THAT(registry.List(), IsEmpty());
}

}  // namespace
}  // namespace sta
