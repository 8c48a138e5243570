// SPDX-License-Identifier: Apache-2.0
#include "server/process/model_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace sta {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kService = "inference.GRPCInferenceService";

class ModelFollowerTest : public testing::Test {
 protected:
  ModelFollowerTest() { feed_.AddWatcher(follower_); }

  void Set(int64_t version, ModelState state, const char* reason = "") {
    ModelStatus status = {
        .name = "m", .version = version, .state = state, .reason = reason, .is_wanted = true};
    if (state == ModelState::kReady) {
      registry_.SetReady(status, std::make_shared<ServedModel>());
    } else {
      registry_.Set(status);
    }
    Publish();
  }
  void Remove(int64_t version) {
    registry_.Remove("m", version);
    Publish();
  }
  void Publish() { feed_.Update("m", registry_.List("m"), absl::UnixEpoch()); }

  ModelRegistry registry_;
  ModelFeed feed_{/*epoch=*/1, /*capacity=*/16};
  HealthBoard health_;
  Metrics metrics_{"build"};
  const std::shared_ptr<ModelFollower> follower_ =
      std::make_shared<ModelFollower>(feed_, registry_, health_, metrics_);
};

TEST_F(ModelFollowerTest, AServerWithoutModelsIsHealthyOnceThatIsKnown) {
  EXPECT_EQ(health_.Get(""), Health::kNotServing);
  follower_->Changed();
  EXPECT_EQ(health_.Get(""), Health::kServing);
  EXPECT_EQ(health_.Get(kService), Health::kServing);
}

TEST_F(ModelFollowerTest, AModelIsHealthyWhileItServes) {
  Set(1, ModelState::kLoading);
  EXPECT_EQ(health_.Get("m"), Health::kNotServing);
  EXPECT_EQ(health_.Get(""), Health::kNotServing);
  Set(1, ModelState::kReady);
  EXPECT_EQ(health_.Get("m"), Health::kServing);
  EXPECT_EQ(health_.Get(""), Health::kServing);
  Set(2, ModelState::kFailed, "broken");
  EXPECT_EQ(health_.Get("m"), Health::kServing);
  EXPECT_EQ(health_.Get(kService), Health::kServing);
  Set(1, ModelState::kDraining);
  EXPECT_EQ(health_.Get("m"), Health::kNotServing);
}

TEST_F(ModelFollowerTest, TheServerLivesWhetherModelsServeOrNotUntilItDrains) {
  EXPECT_EQ(health_.Get("sta/live"), Health::kServing);
  Set(1, ModelState::kFailed, "broken");
  EXPECT_EQ(health_.Get(""), Health::kNotServing);
  EXPECT_EQ(health_.Get("sta/live"), Health::kServing);
  health_.Close();
  EXPECT_EQ(health_.Get("sta/live"), Health::kNotServing);
}

TEST_F(ModelFollowerTest, ForgetsModelsThatAreGone) {
  Set(1, ModelState::kReady);
  Set(2, ModelState::kReady);
  EXPECT_THAT(metrics_.Text(), HasSubstr(R"(state="READY",version="1"} 1)"));
  Remove(1);
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr(R"(version="1")")));
  EXPECT_EQ(health_.Get("m"), Health::kServing);
  Remove(2);
  EXPECT_EQ(health_.Get("m"), Health::kUnknownName);
  EXPECT_EQ(health_.Get(""), Health::kServing);
}

TEST_F(ModelFollowerTest, CountsLoads) {
  Set(1, ModelState::kFailed, "broken");
  follower_->OnLoad(registry_.List("m")[0], absl::Seconds(1), absl::DataLossError("broken"));
  Set(1, ModelState::kReady);
  follower_->OnLoad(registry_.List("m")[0], absl::Seconds(1), absl::OkStatus());
  EXPECT_THAT(metrics_.Text(), HasSubstr(R"(sta_model_load_failures_total{model="m"} 1)"));
  EXPECT_THAT(metrics_.Text(), HasSubstr(R"(sta_model_load_duration_seconds_count{model="m"} 2)"));
}

}  // namespace
}  // namespace sta
