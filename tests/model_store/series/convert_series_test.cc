// SPDX-License-Identifier: Apache-2.0
#include "model_store/series/convert_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "model_store/package/package.h"
#include "model_store/series/series_packages.h"
#include "tests/support/hugging_face_directory.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/trained_series.h"

namespace sta {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

class ConvertSeriesTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(WriteTrainedSeries(trained_), IsOk());
    std::ofstream(text_) << TinySentences(40, 5);
  }

  ConvertSeriesOptions Options(std::vector<std::string> only = {}) const {
    return {.series = trained_,
            .output_directory = packages_,
            .only = std::move(only),
            .each = {.calibration_text = text_}};
  }
  void Edit(const std::function<void(nlohmann::json&)>& change) const {
    nlohmann::json json = TrainedSeriesJson();
    change(json);
    WriteSeriesJson(json, trained_);
  }

  TemporaryDirectory root_;
  fs::path trained_ = root_.path() / "toy";
  fs::path packages_ = root_.path() / "packages";
  fs::path text_ = root_.path() / "sentences.txt";
};

TEST_F(ConvertSeriesTest, MakesAPackageOfEveryCandidate) {
  std::vector<std::string> finished;
  STA_ASSERT_OK_AND_ASSIGN(
      const ConvertedSeries converted,
      ConvertSeries(Options(), [&](const SeriesCandidate& candidate, std::string_view phase,
                                   int64_t done, int64_t total) {
        if (phase == "write" && done == total) finished.push_back(candidate.name);
      }));
  EXPECT_THAT(finished, ElementsAre("dense", "4-8", "2-8-mixed"));
  EXPECT_THAT(converted.had_been, IsEmpty());
  STA_ASSERT_OK_AND_ASSIGN(const SeriesManifest written, ReadSeriesManifest(packages_));
  EXPECT_EQ(written, converted.series);
  EXPECT_THAT(CheckSeriesPackages(written, packages_, nullptr), IsOk());

  const SeriesCandidate& mixed = written.candidates[2];
  EXPECT_EQ(mixed.package->alias, "p2-8-mixed");
  STA_ASSERT_OK_AND_ASSIGN(const auto package,
                           Package::Open(packages_ / "2-8-mixed", PackageCheck::kHashes));
  const Provenance& provenance = package->manifest().provenance;
  EXPECT_EQ(provenance.source, "tiny");
  EXPECT_EQ(provenance.series, written.EntryOf(mixed));
  EXPECT_EQ(provenance.series->scores.at("accuracy"), 90.25);
  EXPECT_EQ(provenance.series->dense_scores.at("accuracy"), 91.5);
  EXPECT_EQ(package->manifest().matrices.front().pattern.ToString(), "4:8");
  EXPECT_EQ(package->manifest().matrices.back().pattern.ToString(), "2:8");
}

TEST_F(ConvertSeriesTest, GoesOnWhereItWasInterrupted) {
  ASSERT_THAT(ConvertSeries(Options({"4-8"}), nullptr), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const std::string first, PackageDigest(packages_ / "4-8"));
  fs::remove(packages_ / "series.json");
  STA_ASSERT_OK_AND_ASSIGN(const ConvertedSeries converted, ConvertSeries(Options(), nullptr));
  EXPECT_THAT(converted.had_been, ElementsAre("4-8"));
  EXPECT_EQ(converted.series.candidates[1].package->digest, first);
  STA_ASSERT_OK_AND_ASSIGN(const ConvertedSeries again, ConvertSeries(Options(), nullptr));
  EXPECT_EQ(again.had_been.size(), 3u);
  EXPECT_EQ(again.series, converted.series);
}

TEST_F(ConvertSeriesTest, KeepsTheCandidatesAskedForAndWhatTheyAreComparedWith) {
  STA_ASSERT_OK_AND_ASSIGN(const ConvertedSeries converted,
                           ConvertSeries(Options({"4-8"}), nullptr));
  ASSERT_EQ(converted.series.candidates.size(), 1u);
  EXPECT_EQ(converted.manifests[0].provenance.series->dense_scores.at("f1"), 90.25);
  EXPECT_FALSE(fs::exists(packages_ / "dense"));
  EXPECT_THAT(ConvertSeries(Options({"1-8"}), nullptr), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ConvertSeriesTest, DoesNotTakeAnotherPackageForItsOwn) {
  ASSERT_THAT(ConvertSeries(Options(), nullptr), IsOk());
  const auto refused = [&](const char* why) {
    EXPECT_THAT(ConvertSeries(Options(), nullptr),
                StatusIs(absl::StatusCode::kAlreadyExists,
                         AllOf(HasSubstr("candidate '4-8': '"), HasSubstr(why))));
  };
  Edit([](auto& json) { json["candidates"][1]["accuracy"]["f1"] = 90.01; });
  refused("it is of another series or training");
  Edit([](auto& json) { json["candidates"][1]["patterns"] = "3:8"; });
  refused("has the pattern 4:8, series.json says 3:8");
  Edit([](auto&) {});
  ConvertSeriesOptions other_text = Options();
  other_text.each.calibration_text = root_.path() / "other.txt";
  fs::copy(text_, other_text.each.calibration_text);
  EXPECT_THAT(ConvertSeries(other_text, nullptr),
              StatusIs(absl::StatusCode::kAlreadyExists,
                       HasSubstr("calibrated on 36 sentences of sentences.txt")));
  // Trained again since.
  fs::last_write_time(
      trained_ / "4-8" / "model.safetensors",
      fs::last_write_time(packages_ / "4-8" / "manifest.json") + std::chrono::hours(1));
  refused("the model is newer");
  fs::remove(packages_ / "4-8" / "vocab.txt");
  refused("vocab.txt");
}

TEST_F(ConvertSeriesTest, NeverPrunes) {
  Edit([](auto& json) { json["candidates"][1]["patterns"] = "2:8"; });
  EXPECT_THAT(
      ConvertSeries(Options({"4-8"}), nullptr),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("candidate '4-8': matrix 'encoder.layer.0.attention.self.query"),
                     HasSubstr("has more weights than 2:8 leaves"))));
  EXPECT_FALSE(fs::exists(packages_ / "4-8"));
}

TEST_F(ConvertSeriesTest, LooksAtAllModelsBeforeTheFirstIsConverted) {
  fs::remove(trained_ / "2-8-mixed" / "config.json");
  EXPECT_THAT(ConvertSeries(Options(), nullptr),
              StatusIs(absl::StatusCode::kNotFound,
                       AllOf(HasSubstr("candidate '2-8-mixed': there is no model in '"),
                             HasSubstr("config.json cannot be read"))));
  EXPECT_FALSE(fs::exists(packages_));
}

TEST_F(ConvertSeriesTest, DoesNotConvertPackages) {
  ASSERT_THAT(ConvertSeries(Options({"4-8"}), nullptr), IsOk());
  ConvertSeriesOptions options = Options();
  options.series = packages_;
  options.output_directory = root_.path() / "again";
  EXPECT_THAT(ConvertSeries(options, nullptr),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("packages already")));
}

}  // namespace
}  // namespace sta
