// SPDX-License-Identifier: Apache-2.0
#include "model_store/series/series_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/status_matchers.h"
#include "tests/support/trained_series.h"

namespace sta {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

absl::StatusOr<SeriesManifest> Parse(const json& document) {
  return ParseSeriesManifest(document.dump());
}

json PackagedSeriesJson() {
  json series = TrainedSeriesJson();
  int number = 0;
  for (json& candidate : series["candidates"]) {
    const std::string letter(1, static_cast<char>('a' + number++));
    candidate["package"] = {
        {"alias", letter}, {"digest", std::string(63, '0') + letter}, {"size_bytes", 1000}};
  }
  return series;
}

TEST(SeriesFormatTest, ReadsWhatTheToolkitWrites) {
  STA_ASSERT_OK_AND_ASSIGN(const SeriesManifest series, Parse(TrainedSeriesJson()));
  EXPECT_EQ(series.name, "toy");
  EXPECT_EQ(series.task, "sst2");
  EXPECT_EQ(series.source, "tiny");
  EXPECT_EQ(series.metric, "accuracy");
  ASSERT_EQ(series.candidates.size(), 3u);
  const SeriesCandidate& last = series.candidates[2];
  EXPECT_EQ(last.name, "2-8-mixed");
  EXPECT_EQ(last.directory, "2-8-mixed");
  EXPECT_EQ(last.patterns, "2:8,*.layer.0.*=4:8");
  EXPECT_EQ(last.density, 0.375);
  EXPECT_EQ(last.steps, 240);
  EXPECT_EQ(last.seconds, 3);
  EXPECT_EQ(last.accuracy, (Scores{{"accuracy", 90.25}, {"f1", 89}}));
  EXPECT_FALSE(last.package.has_value());
  // The dense candidate's scores are what others are compared with.
  EXPECT_EQ(series.dense, (DenseScores{"dev", {{"accuracy", 91.5}, {"f1", 90.25}}}));
}

TEST(SeriesFormatTest, TheMetricIsTheFirstScoreWhereNoneIsNamed) {
  json document = TrainedSeriesJson();
  document.erase("metric");
  STA_ASSERT_OK_AND_ASSIGN(const SeriesManifest series, Parse(document));
  EXPECT_EQ(series.metric, "accuracy");
}

TEST(SeriesFormatTest, ASeriesMayHaveNoDenseCandidate) {
  json document = TrainedSeriesJson();
  document["candidates"].erase(0);
  STA_ASSERT_OK_AND_ASSIGN(const SeriesManifest series, Parse(document));
  EXPECT_EQ(series.dense, std::nullopt);
  document["dense"] = {{"split", "dev"}, {"accuracy", {{"accuracy", 92}}}};
  STA_ASSERT_OK_AND_ASSIGN(const SeriesManifest told, Parse(document));
  EXPECT_EQ(told.dense, (DenseScores{"dev", {{"accuracy", 92}}}));
}

TEST(SeriesFormatTest, ReadsWhatItWrites) {
  for (const json& document : {TrainedSeriesJson(), PackagedSeriesJson()}) {
    STA_ASSERT_OK_AND_ASSIGN(const SeriesManifest series, Parse(document));
    EXPECT_THAT(ParseSeriesManifest(FormatSeriesManifest(series)), IsOkAndHolds(series));
  }
  STA_ASSERT_OK_AND_ASSIGN(const SeriesManifest packaged, Parse(PackagedSeriesJson()));
  EXPECT_EQ(packaged.candidates[1].package, (SeriesPackage{"b", std::string(63, '0') + "b", 1000}));
}

TEST(SeriesFormatTest, RefusesWhatIsNoSeries) {
  EXPECT_THAT(ParseSeriesManifest("{"), StatusIs(absl::StatusCode::kInvalidArgument,
                                                 "series.json: not valid JSON at byte 2"));
  EXPECT_THAT(ParseSeriesManifest("[]"),
              StatusIs(absl::StatusCode::kInvalidArgument, "series.json: not a JSON object"));
  EXPECT_THAT(ParseSeriesManifest(std::string((1 << 20) + 1, ' ')),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("over the limit")));
  EXPECT_THAT(ParseSeriesManifest(R"({"name": 1, "name": 2})"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("appears twice")));
  json newer = TrainedSeriesJson();
  newer["format_version"] = 2;
  EXPECT_THAT(Parse(newer), StatusIs(absl::StatusCode::kFailedPrecondition,
                                     "series.json: format_version is 2, this build knows 1 only"));
}

TEST(SeriesFormatTest, NamesTheCandidateAndTheKeyThatAreWrong) {
  using Change = std::function<void(json&)>;
  const std::vector<std::pair<const char*, Change>> cases = {
      {"key 'name' must be a text", [](json& s) { s["name"] = ""; }},
      {"key 'task' must be a string", [](json& s) { s.erase("task"); }},
      {"key 'source' must be a text", [](json& s) { s["source"] = "a\nb"; }},
      {"key 'metric' is 'bleu'", [](json& s) { s["metric"] = "bleu"; }},
      {"dense: key 'split'", [](json& s) { s["dense"] = 1; }},
      {"dense: key 'accuracy'",
       [](json& s) {
         s["dense"] = {{"split", "dev"}};
       }},
      {"key 'candidates' must be a list of 1 to 64", [](json& s) { s["candidates"] = {}; }},
      {"key 'candidates' must be a list of 1 to 64",
       [](json& s) {
         for (int i = 0; i < 62; ++i) s["candidates"].push_back(s["candidates"][0]);
       }},
      {"candidate 3: not an object", [](json& s) { s["candidates"].push_back(7); }},
      {"candidate 1: key 'name' is '4:8'", [](json& s) { s["candidates"][1]["name"] = "4:8"; }},
      {"candidate 1 ('4-8'): key 'directory' is '/etc', which is no name",
       [](json& s) { s["candidates"][1]["directory"] = "/etc"; }},
      {"is '..', which is no name", [](json& s) { s["candidates"][1]["directory"] = ".."; }},
      {"is 'a/../b'", [](json& s) { s["candidates"][1]["directory"] = "a/../b"; }},
      {"pattern rule '4:9'", [](json& s) { s["candidates"][1]["patterns"] = "4:9"; }},
      {"pattern rule ''", [](json& s) { s["candidates"][1]["patterns"] = ""; }},
      {"'keep', which is no pattern", [](json& s) { s["candidates"][1]["patterns"] = "keep"; }},
      {"key 'density' must be over 0", [](json& s) { s["candidates"][1]["density"] = 0; }},
      {"key 'density' is 1.5, which is not in 0..1",
       [](json& s) { s["candidates"][1]["density"] = 1.5; }},
      {"key 'density' must be a number", [](json& s) { s["candidates"][1]["density"] = "half"; }},
      {"key 'steps' must be an integer", [](json& s) { s["candidates"][1]["steps"] = 0.5; }},
      {"key 'seconds' is -1", [](json& s) { s["candidates"][1]["seconds"] = -1; }},
      {"key 'seconds' is 1e+12", [](json& s) { s["candidates"][1]["seconds"] = 1e12; }},
      {"score 'accuracy' must be a number",
       [](json& s) { s["candidates"][1]["accuracy"]["accuracy"] = 1e6; }},
      {"candidate '4-8' has no score 'accuracy'",
       [](json& s) { s["candidates"][1]["accuracy"].erase("accuracy"); }},
      {"two candidates have the name 'dense'",
       [](json& s) { s["candidates"][1]["name"] = "dense"; }},
      {"two candidates have the directory 'dense'",
       [](json& s) { s["candidates"][1]["directory"] = "dense"; }},
  };
  for (const auto& [message, change] : cases) {
    json series = TrainedSeriesJson();
    change(series);
    EXPECT_THAT(Parse(series), StatusIs(absl::StatusCode::kInvalidArgument,
                                        AllOf(StartsWith("series.json: "), HasSubstr(message))));
  }
}

TEST(SeriesFormatTest, ChecksPackages) {
  using Change = std::function<void(json & candidates)>;
  const std::vector<std::pair<const char*, Change>> cases = {
      {"candidate 1 ('4-8'): package: key 'alias' is 'a b'",
       [](json& c) { c[1]["package"]["alias"] = "a b"; }},
      {"alias '2-8' does not begin with a letter",
       [](json& c) { c[1]["package"]["alias"] = "2-8"; }},
      {"key 'digest' must be 64 hexadecimal digits",
       [](json& c) { c[1]["package"]["digest"] = std::string(64, 'g'); }},
      {"key 'size_bytes' must be an integer",
       [](json& c) { c[1]["package"]["size_bytes"] = int64_t{1} << 60; }},
      {"package: key 'alias' must be a string", [](json& c) { c[1]["package"] = 1; }},
      {"two candidates have the alias 'a'", [](json& c) { c[1]["package"]["alias"] = "a"; }},
      {"two candidates have the digest '000",
       [](json& c) { c[1]["package"]["digest"] = c[0]["package"]["digest"]; }},
      {"of the candidates 'dense' and '4-8' only one is a package",
       [](json& c) { c[1].erase("package"); }},
  };
  for (const auto& [message, change] : cases) {
    json series = PackagedSeriesJson();
    change(series["candidates"]);
    EXPECT_THAT(Parse(series), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)));
  }
}

}  // namespace
}  // namespace sta
