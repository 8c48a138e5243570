// SPDX-License-Identifier: Apache-2.0
#include "server/models/model_registry.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;

std::shared_ptr<const ServedModel> Served(const char* name, int64_t version) {
  auto served = std::make_shared<ServedModel>();
  served->name = name;
  served->version = version;
  return served;
}

TEST(ModelRegistryTest, FindsTheNewestReadyVersionOrTheOneAskedFor) {
  ModelRegistry registry;
  registry.SetReady(Served("m", 1));
  registry.SetReady(Served("m", 9));
  registry.SetReady(Served("m", 10));
  registry.SetLoading("m", 11);
  STA_ASSERT_OK_AND_ASSIGN(const auto newest, registry.Find("m", ""));
  EXPECT_EQ(newest->version, 10);
  STA_ASSERT_OK_AND_ASSIGN(const auto ninth, registry.Find("m", "9"));
  EXPECT_EQ(ninth->version, 9);
}

TEST(ModelRegistryTest, SaysWhyThereIsNone) {
  ModelRegistry registry;
  registry.SetLoading("slow", 1);
  registry.SetFailed("bad", 2, "damaged");
  registry.SetReady(Served("m", 1));
  EXPECT_THAT(registry.Find("x", ""), StatusIs(absl::StatusCode::kNotFound, HasSubstr("'x'")));
  EXPECT_THAT(registry.Find("m", "2"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("newest is 1")));
  EXPECT_THAT(registry.Find("slow", ""),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("still loading")));
  EXPECT_THAT(registry.Find("bad", ""),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("damaged")));
  for (const char* version : {"x", "0", "-1", "01", "1.0", " 1", "99999999999999999999"}) {
    EXPECT_THAT(registry.Find("m", version),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not a positive number")))
        << version;
  }
}

TEST(ModelRegistryTest, ReadyWhenEveryModelHasAVersionAndNoneLoads) {
  ModelRegistry registry;
  EXPECT_TRUE(registry.AllReady());
  registry.SetLoading("a", 1);
  EXPECT_FALSE(registry.AllReady());
  registry.SetReady(Served("a", 1));
  EXPECT_TRUE(registry.AllReady());
  registry.SetFailed("a", 2, "x");
  EXPECT_TRUE(registry.AllReady());
  registry.SetFailed("b", 1, "x");
  EXPECT_FALSE(registry.AllReady());
}

TEST(ModelRegistryTest, ListsByNameNewestFirstAndLetsGo) {
  ModelRegistry registry;
  registry.SetReady(Served("b", 1));
  auto served = Served("a", 2);
  registry.SetReady(served);
  registry.SetFailed("a", 3, "why");
  const std::vector<ModelStatus> list = registry.List();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].version, 3);
  EXPECT_EQ(list[0].reason, "why");
  EXPECT_EQ(list[1].served, served);
  EXPECT_EQ(list[2].name, "b");
  registry.Clear();
  EXPECT_TRUE(registry.List().empty());
}

}  // namespace
}  // namespace sta
