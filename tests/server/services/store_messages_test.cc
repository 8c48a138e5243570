// SPDX-License-Identifier: Apache-2.0
#include "server/services/store_messages.h"

#include <gtest/gtest.h>

namespace sta {
namespace {

TEST(StoreMessagesTest, TellsThePlaceInASeries) {
  Manifest manifest;
  v1::GetModelResponse alone;
  FillDetails(manifest, alone);
  EXPECT_FALSE(alone.has_series());

  manifest.provenance.series = {.series = "sst2-idp",
                                .candidate = "2-8",
                                .task = "sst2",
                                .split = "dev",
                                .steps = 4320,
                                .metric = "f1",
                                .scores = {{"accuracy", 90.5}, {"f1", 89}},
                                .dense_scores = {{"f1", 91}}};
  v1::GetModelResponse response;
  FillDetails(manifest, response);
  const v1::SeriesEntry& series = response.series();
  EXPECT_EQ(series.series(), "sst2-idp");
  EXPECT_EQ(series.candidate(), "2-8");
  EXPECT_EQ(series.task(), "sst2");
  EXPECT_EQ(series.split(), "dev");
  EXPECT_EQ(series.steps(), 4320);
  EXPECT_EQ(series.metric(), "f1");
  EXPECT_EQ(series.scores().at("accuracy"), 90.5);
  EXPECT_EQ(series.scores().at("f1"), 89);
  EXPECT_EQ(series.dense_scores_size(), 1);
  EXPECT_EQ(series.dense_scores().at("f1"), 91);
}

}  // namespace
}  // namespace sta
