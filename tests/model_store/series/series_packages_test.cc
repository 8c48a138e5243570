// SPDX-License-Identifier: Apache-2.0
#include "model_store/series/series_packages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

// Two candidates, 2:8 and 4:8, of packages with random weights.
class SeriesPackagesTest : public testing::Test {
 protected:
  void SetUp() override {
    series_ = {.name = "toy",
               .task = "sst2",
               .source = "tiny",
               .metric = "accuracy",
               .dense = std::nullopt,
               .candidates = {}};
    Add("2-8", {2, 8});
    Add("4-8", {4, 8});
  }

  void Add(const std::string& name, Pattern pattern) {
    SeriesCandidate candidate = {.name = name,
                                 .directory = name,
                                 .patterns = pattern.ToString(),
                                 .split = "dev",
                                 .accuracy = {{"accuracy", 90.5}}};
    TinyPackage tiny({.encoder = {.pattern = pattern}});
    tiny.contents.provenance.series = series_.EntryOf(candidate);
    ASSERT_THAT(WritePackage(tiny.contents, path() / name), IsOk());
    STA_ASSERT_OK_AND_ASSIGN(const auto package,
                             Package::Open(path() / name, PackageCheck::kStructure));
    STA_ASSERT_OK_AND_ASSIGN(const std::string digest, PackageDigest(path() / name));
    candidate.package = {
        .alias = AliasOf(name), .digest = digest, .size_bytes = package->manifest().TotalBytes()};
    series_.candidates.push_back(candidate);
  }
  absl::Status Check() const { return CheckSeriesPackages(series_, path(), nullptr); }
  const fs::path& path() const { return directory_.path(); }

  TemporaryDirectory directory_;
  SeriesManifest series_;
};

TEST_F(SeriesPackagesTest, AcceptsWhatTheSeriesLists) {
  std::vector<size_t> numbers;
  EXPECT_THAT(CheckSeriesPackages(series_, path(), [&](size_t n) { numbers.push_back(n); }),
              IsOk());
  EXPECT_THAT(numbers, ElementsAre(0u, 1u));
}

TEST_F(SeriesPackagesTest, MissesAPackage) {
  fs::remove_all(path() / "4-8");
  EXPECT_THAT(Check(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("candidate '4-8': ")));
}

TEST_F(SeriesPackagesTest, FindsAChangedByte) {
  std::fstream file(path() / "4-8" / "encoder.safetensors", std::ios::in | std::ios::out);
  file.seekg(-1, std::ios::end);
  const int last = file.get();
  file.seekp(-1, std::ios::end);
  file.put(static_cast<char>(last ^ 1));
  file.close();
  EXPECT_THAT(Check(),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("candidate '4-8': "), HasSubstr("encoder.safetensors"))));
}

TEST_F(SeriesPackagesTest, KnowsAPackageFromAnother) {
  series_.candidates[1].package->digest = std::string(64, '0');
  EXPECT_THAT(Check(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                HasSubstr("is another than series.json lists")));
}

TEST_F(SeriesPackagesTest, ComparesSizes) {
  series_.candidates[1].package->size_bytes += 1;
  EXPECT_THAT(Check(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(" bytes")));
}

TEST_F(SeriesPackagesTest, ComparesScores) {
  series_.candidates[1].accuracy["accuracy"] = 99;
  EXPECT_THAT(Check(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                HasSubstr("another series, candidate or scores")));
}

TEST_F(SeriesPackagesTest, ComparesPatterns) {
  series_.candidates[0].patterns = "2:8,*.layer.1.*query*=4:8";
  EXPECT_THAT(
      Check(),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("candidate '2-8': matrix 'encoder.layer.1.attention.self.query"),
                     HasSubstr("has the pattern 2:8"))));
  series_.candidates[0].patterns = "2:8,*.layer.9.*=4:8";
  EXPECT_THAT(Check(), StatusIs(absl::StatusCode::kInvalidArgument,
                                HasSubstr("glob '*.layer.9.*' matches no matrix")));
}

TEST_F(SeriesPackagesTest, RefusesModelsThatAreNoPackages) {
  for (SeriesCandidate& candidate : series_.candidates) candidate.package.reset();
  EXPECT_THAT(Check(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                HasSubstr("make them with stactl convert --series")));
}

}  // namespace
}  // namespace sta
