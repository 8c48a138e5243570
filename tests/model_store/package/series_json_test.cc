// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/series_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model_store/package/manifest.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;
using testing::Not;

SeriesEntry FullEntry() {
  return {.series = "sst2",
          .candidate = "2-8",
          .task = "sst2",
          .split = "dev",
          .steps = 4320,
          .metric = "f1",
          .scores = {{"accuracy", 90.14}, {"f1", -1.5}},
          .dense_scores = {{"accuracy", 91.28}, {"f1", 100}}};
}

TEST(SeriesJsonTest, ReadsWhatItWrites) {
  EXPECT_THAT(ReadSeriesEntry(SeriesEntryJson(FullEntry())), IsOkAndHolds(FullEntry()));
  SeriesEntry alone = FullEntry();
  alone.dense_scores.clear();
  EXPECT_THAT(ReadSeriesEntry(SeriesEntryJson(alone)), IsOkAndHolds(alone));
}

TEST(SeriesJsonTest, TakesTheFirstScoreWhereNoneIsNamed) {
  nlohmann::json json = SeriesEntryJson(FullEntry());
  json.erase("metric");
  STA_ASSERT_OK_AND_ASSIGN(const SeriesEntry entry, ReadSeriesEntry(json));
  EXPECT_EQ(entry.metric, "accuracy");
}

TEST(SeriesJsonTest, RefusesWhatIsOutOfBounds) {
  struct Case {
    const char* key;
    nlohmann::json value;
    const char* message;
  };
  nlohmann::json many;
  for (int i = 0; i < 17; ++i) many["m" + std::to_string(i)] = i;
  const Case cases[] = {
      {"name", "", "key 'name' must be a text of 1 to 128 bytes"},
      {"name", 7, "key 'name' must be a string"},
      {"task", std::string(129, 'x'), "key 'task' must be a text"},
      {"split", "de\x1b[1mv", "without control characters"},
      {"candidate", "../2-8", "is '../2-8', which is no name"},
      {"candidate", ".hidden", "no dot in front"},
      {"steps", -1, "key 'steps' must be an integer in 0..1000000000000"},
      {"steps", 1e300, "key 'steps' must be an integer"},
      {"scores", nlohmann::json::array(), "key 'scores' must be an object of 1 to 16 scores"},
      {"scores", nlohmann::json::object(), "key 'scores' must be an object of 1 to 16 scores"},
      {"scores", many, "1 to 16 scores"},
      {"scores", {{"f1", 100.5}}, "score 'f1' must be a number in -100..100"},
      {"scores", {{"f1", "high"}}, "score 'f1' must be a number in -100..100"},
      {"scores", {{"f 1", 1}}, "scores by name: letters"},
      {"scores", {{std::string(65, 'f'), 1}}, "at most 64"},
      {"dense_scores", {{"f1", -101}}, "key 'dense_scores': score 'f1'"},
      {"metric", "bleu", "is 'bleu', which is none of the scores; one of them is 'accuracy'"},
  };
  for (const Case& c : cases) {
    nlohmann::json json = SeriesEntryJson(FullEntry());
    json[c.key] = c.value;
    EXPECT_THAT(ReadSeriesEntry(json),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << c.key << " " << c.value;
  }
  EXPECT_THAT(ReadSeriesEntry("sst2"), StatusIs(absl::StatusCode::kInvalidArgument));
  for (const char* key : {"name", "candidate", "task", "split", "steps", "scores"}) {
    nlohmann::json json = SeriesEntryJson(FullEntry());
    json.erase(key);
    EXPECT_THAT(ReadSeriesEntry(json),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(key)));
  }
}

TEST(SeriesJsonTest, APackageCarriesItInItsManifest) {
  Manifest manifest = {.kind = PackageKind::kDiagnostic, .files = {}, .matrices = {}};
  manifest.provenance.series = FullEntry();
  STA_ASSERT_OK_AND_ASSIGN(std::string text, FormatManifest(manifest));
  STA_ASSERT_OK_AND_ASSIGN(Manifest read, ParseManifest(text));
  EXPECT_EQ(read.provenance.series, FullEntry());
  // Provenance is for people: what is odd reads as empty.
  const size_t at = text.find("90.14");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 5, "900.0");
  STA_ASSERT_OK_AND_ASSIGN(read, ParseManifest(text));
  EXPECT_EQ(read.provenance.series, std::nullopt);
  manifest.provenance.series.reset();
  EXPECT_THAT(FormatManifest(manifest), IsOkAndHolds(Not(HasSubstr("series"))));
}

}  // namespace
}  // namespace sta
