// SPDX-License-Identifier: Apache-2.0
#include "client/commands/series_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sta::client {
namespace {

using testing::HasSubstr;
using testing::Not;

SeriesPlace PlaceWith(const std::string& candidate, double accuracy) {
  return {.series = "toy",
          .candidate = candidate,
          .task = "sst2",
          .split = "dev",
          .steps = 1440,
          .metric = "accuracy",
          .scores = {{"accuracy", accuracy}, {"f1", 1.0}},
          .dense_scores = {{"accuracy", 91.5}}};
}

std::vector<SeriesRow> TwoRows() {
  return {{.place = PlaceWith("2-8", 90.0),
           .patterns = {{"2:8", 30}, {"4:8", 6}},
           .density = 0.25,
           .size_bytes = 9000},
          {.place = PlaceWith("dense", 91.5),
           .patterns = {{"dense", 36}},
           .density = 1.0,
           .size_bytes = 20000}};
}

TEST(SeriesTableTest, SetsCandidatesSideBySide) {
  std::vector<SeriesRow> rows = TwoRows();
  SortSeries(rows);
  EXPECT_EQ(SeriesText(rows),
            "series toy (sst2, dev): accuracy, dense 91.50\n"
            "candidate  pattern          density  accuracy  drop  steps   bytes\n"
            "---------  ---------------  -------  --------  ----  -----  ------\n"
            "dense      dense            100.0 %     91.50  0.00  1,440  20,000\n"
            "2-8        2:8 x30, 4:8 x6   25.0 %     90.00  1.50  1,440   9,000\n");
}

TEST(SeriesTableTest, ShowsVersionsWhereThereAreSome) {
  std::vector<SeriesRow> rows = TwoRows();
  rows[0].version = 12;
  rows[0].is_default = true;
  rows[0].aliases = {"p2-8", "prod"};
  rows[0].state = "READY";
  rows[1].version = 11;
  rows[1].state = "UNLOADED";
  const std::string text = SeriesText(rows);
  EXPECT_THAT(text, HasSubstr("bytes  version  aliases     state\n"));
  EXPECT_THAT(text, HasSubstr(" 9,000      *12  p2-8, prod  READY\n"));
  EXPECT_THAT(text, HasSubstr("20,000       11              UNLOADED\n"));
  const OrderedJson json = SeriesJson(rows);
  EXPECT_EQ(json[0]["version"], 12);
  EXPECT_EQ(json[0]["is_default"], true);
  EXPECT_EQ(json[0]["aliases"], OrderedJson({"p2-8", "prod"}));
}

TEST(SeriesTableTest, SaysTheSameInJson) {
  const OrderedJson json = SeriesJson(TwoRows());
  EXPECT_EQ(json[0]["candidate"], "2-8");
  EXPECT_EQ(json[0]["scores"]["accuracy"], 90.0);
  EXPECT_EQ(json[0]["drop"], 1.5);
  EXPECT_EQ(json[0]["density"], 0.25);
  EXPECT_EQ(json[0]["patterns"]["2:8"], 30);
  EXPECT_FALSE(json[0].contains("version"));
}

TEST(SeriesTableTest, NewestFirstOfEquallyDense) {
  std::vector<SeriesRow> rows = TwoRows();
  rows.push_back(rows[0]);
  rows[0].version = 3;
  rows[2].version = 5;
  SortSeries(rows);
  EXPECT_EQ(rows[0].place.candidate, "dense");
  EXPECT_EQ(rows[1].version, 5);
  EXPECT_EQ(rows[2].version, 3);
}

TEST(SeriesTableTest, LeavesOutWhatIsNotKnown) {
  std::vector<SeriesRow> rows = TwoRows();
  rows[0].place.dense_scores.clear();
  rows[0].place.split = "choose";
  EXPECT_THAT(SeriesText(rows), HasSubstr("series toy (sst2, choose and dev): accuracy\n"));
  EXPECT_THAT(SeriesText(rows), HasSubstr("90.00        1,440"));
  EXPECT_FALSE(SeriesJson(rows)[0].contains("drop"));
  EXPECT_EQ(SeriesText({}), "");
}

TEST(SeriesTableTest, SurvivesWhatAServerMaySay) {
  SeriesRow row;
  row.place.series = std::string(1000, 'x') + "\x1b[2J";
  row.place.metric = "none";
  row.place.scores = {{"f1", std::nan("")}};
  row.place.steps = std::numeric_limits<int64_t>::min();
  EXPECT_THAT(SeriesText({row}), Not(HasSubstr("\x1b")));
  EXPECT_EQ(SeriesJson({row})[0]["candidate"], "");
}

}  // namespace
}  // namespace sta::client
