// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_routes.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string_view>
#include <vector>

namespace sta {

// For failures of tests.
std::ostream& operator<<(std::ostream& out, const HttpTarget& target) {
  return out << static_cast<int>(target.route) << " " << target.model << " " << target.version;
}

namespace {

TEST(HttpRoutesTest, FindsWhatIsServed) {
  struct Case {
    std::string_view path;
    HttpTarget target;
  };
  const std::vector<Case> cases = {
      {"/", {HttpRoute::kStatusPage}},
      {"/healthz", {HttpRoute::kHealth}},
      {"/status.css", {HttpRoute::kStatusStyle}},
      {"/status.js", {HttpRoute::kStatusScript}},
      {"/status.json", {HttpRoute::kStatusData}},
      {"/v1/embeddings", {HttpRoute::kEmbeddings}},
      {"/v1/models", {HttpRoute::kOpenAiModels}},
      {"/v1/models/m", {HttpRoute::kOpenAiModel, "m"}},
      {"/v2", {HttpRoute::kServerMetadata}},
      {"/v2/", {HttpRoute::kServerMetadata}},
      {"/v2/health/live", {HttpRoute::kServerLive}},
      {"/v2/health/ready", {HttpRoute::kServerReady}},
      {"/v2/models/m", {HttpRoute::kModelMetadata, "m"}},
      {"/v2/models/m/", {HttpRoute::kModelMetadata, "m"}},
      {"/v2/models/m/ready", {HttpRoute::kModelReady, "m"}},
      {"/v2/models/m/config", {HttpRoute::kModelConfig, "m"}},
      {"/v2/models/m/stats", {HttpRoute::kModelStatistics, "m"}},
      {"/v2/models/m/infer", {HttpRoute::kModelInfer, "m"}},
      {"/v2/models/m/versions/3", {HttpRoute::kModelMetadata, "m", "3"}},
      {"/v2/models/m/versions/prod/ready", {HttpRoute::kModelReady, "m", "prod"}},
      {"/v2/models/m/versions/3/infer", {HttpRoute::kModelInfer, "m", "3"}},
      {"/v2/models/stats", {HttpRoute::kModelStatistics}},
      {"/v2/models/stats/versions/1", {HttpRoute::kModelMetadata, "stats", "1"}},
      {"/v2/models/../infer", {HttpRoute::kModelInfer, ".."}},  // no model has such a name
  };
  for (const Case& c : cases) EXPECT_EQ(FindTarget(c.path), c.target) << c.path;
}

TEST(HttpRoutesTest, FindsNothingElse) {
  for (const std::string_view path : {"",
                                      "//",
                                      "/v",
                                      "/v2x",
                                      "/v1",
                                      "/V2",
                                      "/healthz/x",
                                      "/v2/models",
                                      "/v2/models/",
                                      "/v2/models//infer",
                                      "/v2/models/m/versions",
                                      "/v2/models/m/versions/",
                                      "/v2/models/m/versions//infer",
                                      "/v2/models/m/x",
                                      "/v2/models/m/infer/x",
                                      "/v2/models/m//",
                                      "/v2/models/m/versions/1/versions/2",
                                      "*",
                                      "http://x/v2",
                                      "/v2/health",
                                      "/v2/repository/index"}) {
    EXPECT_EQ(FindTarget(path), std::nullopt) << path;
  }
}

TEST(HttpRoutesTest, EveryRouteHasTheRuleOfAnRpc) {
  for (int i = 0; i <= static_cast<int>(HttpRoute::kEmbeddings); ++i) {
    const auto route = static_cast<HttpRoute>(i);
    EXPECT_EQ(RuleOfRoute(route).writes, Writes::kNever) << i;
    const bool infers = route == HttpRoute::kModelInfer || route == HttpRoute::kEmbeddings;
    EXPECT_EQ(MethodOfRoute(route), infers ? "POST" : "GET") << i;
  }
  EXPECT_EQ(RuleOfRoute(HttpRoute::kHealth).need, Need::kNothing);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kServerLive).need, Need::kNothing);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kServerReady).need, Need::kNothing);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kServerMetadata).need, Need::kToken);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kModelReady).need, Need::kToken);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kModelMetadata).need, Need::kToken);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kModelConfig).need, Need::kToken);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kModelStatistics).need, Need::kToken);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kModelInfer).need, Need::kInfer);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kStatusPage).need, Need::kToken);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kStatusData).need, Need::kToken);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kStatusStyle).need, Need::kNothing);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kStatusScript).need, Need::kNothing);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kOpenAiModels).need, Need::kToken);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kOpenAiModel).need, Need::kToken);
  EXPECT_EQ(RuleOfRoute(HttpRoute::kEmbeddings).need, Need::kInfer);
}

}  // namespace
}  // namespace sta
