// SPDX-License-Identifier: Apache-2.0
#include "model_store/series/series_manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "model_store/series/series_format.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/trained_series.h"

namespace sta {
namespace {

using testing::HasSubstr;

class SeriesManifestTest : public testing::Test {
 protected:
  void SetUp() override { WriteSeriesJson(TrainedSeriesJson(), directory_.path()); }

  SeriesManifest Series() const { return ReadSeriesManifest(directory_.path()).value(); }

  TemporaryDirectory directory_;
};

TEST_F(SeriesManifestTest, IsFoundByItsFileOrItsDirectory) {
  const std::filesystem::path file = directory_.path() / "series.json";
  STA_ASSERT_OK_AND_ASSIGN(const SeriesManifest by_file, ReadSeriesManifest(file));
  EXPECT_EQ(by_file, Series());
  EXPECT_EQ(SeriesDirectory(file), directory_.path());
  EXPECT_EQ(SeriesDirectory(directory_.path()), directory_.path());
  EXPECT_EQ(SeriesDirectory("series.json"), ".");
}

TEST_F(SeriesManifestTest, SaysWhereThereIsNone) {
  EXPECT_THAT(ReadSeriesManifest(directory_.path() / "nowhere"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere' cannot be read")));
  // A FIFO would be waited for.
  ASSERT_EQ(mkfifo((directory_.path() / "fifo").c_str(), 0600), 0);
  EXPECT_THAT(ReadSeriesManifest(directory_.path() / "fifo"),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SeriesManifestTest, IsReplacedAsAWhole) {
  SeriesManifest series = Series();
  series.name = "another";
  ASSERT_THAT(WriteSeriesManifest(series, directory_.path()), IsOk());
  EXPECT_EQ(Series(), series);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 1);
  EXPECT_THAT(WriteSeriesManifest(series, directory_.path() / "nowhere"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cannot write")));
}

TEST_F(SeriesManifestTest, TellsACandidatesPlace) {
  const SeriesManifest series = Series();
  EXPECT_EQ(series.EntryOf(series.candidates[1]),
            (SeriesEntry{.series = "toy",
                         .candidate = "4-8",
                         .task = "sst2",
                         .split = "dev",
                         .steps = 160,
                         .metric = "accuracy",
                         .scores = {{"accuracy", 91.0}, {"f1", 90}},
                         .dense_scores = {{"accuracy", 91.5}, {"f1", 90.25}}}));
}

TEST_F(SeriesManifestTest, DoesNotCompareScoresOfDifferentSplits) {
  SeriesManifest series = Series();
  series.candidates[1].split = "choose";
  EXPECT_EQ(series.EntryOf(series.candidates[1]).dense_scores, Scores());
}

TEST_F(SeriesManifestTest, KeepsTheCandidatesAskedFor) {
  SeriesManifest series = Series();
  ASSERT_THAT(SelectCandidates({}, series), IsOk());
  EXPECT_EQ(series.candidates.size(), 3u);
  EXPECT_THAT(SelectCandidates({"4-8", "1-8"}, series),
              StatusIs(absl::StatusCode::kNotFound,
                       "series 'toy' has no candidate '1-8'; there are dense, 4-8, 2-8-mixed"));
  EXPECT_EQ(series.candidates.size(), 3u);
  ASSERT_THAT(SelectCandidates({"2-8-mixed", "dense"}, series), IsOk());
  ASSERT_EQ(series.candidates.size(), 2u);
  EXPECT_EQ(series.candidates[0].name, "dense");
  EXPECT_EQ(series.candidates[1].name, "2-8-mixed");
  // What others are compared with stays known.
  EXPECT_TRUE(series.dense.has_value());
}

TEST(AliasOfTest, BeginsWithALetter) {
  EXPECT_EQ(AliasOf("dense"), "dense");
  EXPECT_EQ(AliasOf("2-8"), "p2-8");
  EXPECT_EQ(AliasOf("2-8-mixed-rounded"), "p2-8-mixed-rounded");
  EXPECT_EQ(AliasOf("_x"), "p_x");
}

}  // namespace
}  // namespace sta
