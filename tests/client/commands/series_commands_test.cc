// SPDX-License-Identifier: Apache-2.0
//
// stactl convert --series, model upload --series, and model show of a series.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_split.h"
#include "tests/client/commands/run_stactl.h"
#include "tests/support/fake_inference_server.h"
#include "tests/support/fake_model_store.h"
#include "tests/support/hugging_face_directory.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/trained_series.h"

namespace sta::client {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

namespace fs = std::filesystem;

class SeriesCommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(WriteTrainedSeries(trained_), IsOk());
    std::ofstream(text_) << TinySentences(40, 5);
  }

  Outcome Convert(std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"convert",     "--series",         trained_.string(),
                                     "--output",    packages_.string(), "--calibrate",
                                     text_.string()};
    args.insert(args.end(), more.begin(), more.end());
    return RunWith(args);
  }
  Outcome Upload(std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"model",   "upload",   "--series",
                                     packages_, "--server", server_.address()};
    args.insert(args.end(), more.begin(), more.end());
    return RunWith(args);
  }

  TemporaryDirectory root_;
  fs::path trained_ = root_.path() / "toy";
  fs::path packages_ = root_.path() / "packages";
  fs::path text_ = root_.path() / "sentences.txt";
  FakeModelStore server_;
};

TEST_F(SeriesCommandsTest, ConvertMakesAllPackagesAndSaysWhatIsNext) {
  const Outcome run = Convert();
  ASSERT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(run.out, StartsWith("series toy (sst2, dev): accuracy, dense 91.50\n"));
  EXPECT_THAT(run.out, HasSubstr("2-8-mixed  2:8 x6, 4:8 x6   37.5 %     90.25  1.25    240"));
  EXPECT_THAT(run.out,
              EndsWith("written to " + packages_.string() +
                       "; next: stactl model upload --series " + packages_.string() + "\n"));
  EXPECT_THAT(run.err, AllOf(StartsWith("convert: dense read done\n"),
                             EndsWith("convert: 2-8-mixed write done\n")));
  const auto again = nlohmann::json::parse(Convert({"--json", "--only", "dense,4-8"}).out);
  EXPECT_EQ(again["series"], "toy");
  ASSERT_EQ(again["candidates"].size(), 2u);
  EXPECT_EQ(again["candidates"][1]["candidate"], "4-8");
  EXPECT_EQ(again["candidates"][1]["existed"], true);
  EXPECT_GT(again["candidates"][1]["measured"]["mean_cosine_to_pruned_float"], 0.9);
}

TEST_F(SeriesCommandsTest, InspectShowsTheScoresOfAPackage) {
  ASSERT_EQ(Convert().code, kExitOk);
  EXPECT_THAT(RunWith({"inspect", packages_ / "4-8"}).out,
              HasSubstr("series: toy, candidate 4-8, 160 training steps\n"
                        "accuracy (sst2, dev): 91.00, of the dense model 91.50\n"
                        "f1 (sst2, dev): 90.00, of the dense model 90.25\n"));
  const auto json = nlohmann::json::parse(RunWith({"inspect", packages_ / "4-8", "--json"}).out);
  EXPECT_EQ(json["series"]["scores"]["f1"], 90);
  EXPECT_EQ(json["total"]["density"], 0.5);
}

TEST_F(SeriesCommandsTest, UploadMakesEveryCandidateAVersionWithAnAlias) {
  ASSERT_EQ(Convert().code, kExitOk);
  const Outcome run = Upload();
  ASSERT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(run.out, StartsWith("dense: toy version 7 is stored ("));
  EXPECT_THAT(run.out, AllOf(HasSubstr("\n4-8: toy version 8 is stored ("),
                             HasSubstr("\n2-8-mixed: toy version 9 is stored ("),
                             HasSubstr("\n\nseries toy (sst2, dev): accuracy, dense 91.50\n"),
                             HasSubstr(" *7 ")));
  EXPECT_THAT(run.err, HasSubstr("model upload: checking done\n"
                                 "model upload: uploading dense done\n"));
  EXPECT_THAT(server_.requests(),
              ElementsAre("SetAlias name: \"toy\" alias: \"dense\" version: 7",
                          "SetAlias name: \"toy\" alias: \"p4-8\" version: 8",
                          "SetAlias name: \"toy\" alias: \"p2-8-mixed\" version: 9"));
}

TEST_F(SeriesCommandsTest, UploadSkipsWhatIsThere) {
  ASSERT_EQ(Convert().code, kExitOk);
  ASSERT_EQ(Upload({"--only", "4-8", "--no-aliases"}).code, kExitOk);
  EXPECT_THAT(server_.requests(), IsEmpty());
  const int64_t sent = server_.received_bytes();
  const Outcome run = Upload({"--only", "4-8", "--name", "sentiment", "--json"});
  ASSERT_EQ(run.code, kExitOk) << run.err;
  EXPECT_EQ(server_.received_bytes(), sent);
  const auto json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json["name"], "sentiment");
  ASSERT_EQ(json["candidates"].size(), 1u);
  EXPECT_EQ(json["candidates"][0]["existed"], true);
  EXPECT_EQ(json["candidates"][0]["sent_bytes"], 0);
  EXPECT_EQ(json["candidates"][0]["version"], 7);
}

TEST_F(SeriesCommandsTest, UploadSendsTheOneThatShallAnswerFirst) {
  ASSERT_EQ(Convert().code, kExitOk);
  const Outcome run = Upload({"--prod", "4-8"});
  ASSERT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(run.out, StartsWith("4-8: toy version 7 is stored ("));
  ASSERT_EQ(server_.requests().size(), 4u);
  EXPECT_EQ(server_.requests()[0], "SetAlias name: \"toy\" alias: \"p4-8\" version: 7");
  EXPECT_EQ(server_.requests()[1], "SetAlias name: \"toy\" alias: \"prod\" version: 7");
}

TEST_F(SeriesCommandsTest, UploadSaysWhatIsThereWhenItFails) {
  ASSERT_EQ(Convert().code, kExitOk);
  ASSERT_EQ(Upload({"--only", "dense"}).code, kExitOk);
  // The second candidate is refused.
  server_.CutStream(1, {grpc::StatusCode::RESOURCE_EXHAUSTED, "the store is full"});
  const Outcome run = Upload();
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("stactl model upload: RESOURCE_EXHAUSTED: candidate '4-8', 2 of "
                                 "3: the store is full; dense is uploaded and stays. The same "
                                 "command goes on with what is missing"));
  EXPECT_THAT(run.out, StartsWith("dense: toy version 7 is in the store already (0 B sent)\n"));
  EXPECT_EQ(Upload().code, kExitOk);
}

TEST_F(SeriesCommandsTest, UploadSaysHowToDoWithoutAliases) {
  ASSERT_EQ(Convert().code, kExitOk);
  server_.SetStatus({grpc::StatusCode::PERMISSION_DENIED, "needs the role admin"});
  const Outcome run = Upload();
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("candidate 'dense', 1 of 3: version 7 is stored, but is not "
                                 "'dense': needs the role admin (--no-aliases does without)"));
}

TEST_F(SeriesCommandsTest, UploadChecksEverythingBeforeTheFirstByte) {
  ASSERT_EQ(Convert().code, kExitOk);
  EXPECT_THAT(Upload({"--prod", "1-8"}).err, HasSubstr("has no candidate '1-8'"));
  EXPECT_THAT(Upload({"--only", "dense", "--prod", "4-8"}).err,
              HasSubstr("has no candidate '4-8'; there are dense"));
  EXPECT_THAT(Upload({"--name", "a b"}).err, HasSubstr("'a b' is no name of a model"));
  fs::remove(packages_ / "2-8-mixed" / "vocab.txt");
  const Outcome missing = Upload();
  EXPECT_EQ(missing.code, kExitFailed);
  EXPECT_THAT(missing.err, HasSubstr("candidate '2-8-mixed': file 'vocab.txt' is missing"));
  fs::remove(packages_ / "series.json");
  EXPECT_THAT(Upload().err, HasSubstr("there is no series: '"));
  EXPECT_THAT(RunWith({"model", "upload", "--series", trained_}).err,
              HasSubstr("make them with stactl convert --series"));
  EXPECT_EQ(server_.streams(), 0);
}

// Of "--a excludes --b" the other way to say it: CLI11 orders options by their addresses.
std::string TurnedRound(const std::string& message) {
  const std::pair<std::string, std::string> sides = absl::StrSplit(message, " excludes ");
  return sides.second + " excludes " + sides.first;
}

TEST(SeriesUsageTest, SaysWhatDoesNotGoTogether) {
  struct Case {
    std::vector<std::string> args;
    const char* message;
  };
  const Case cases[] = {
      {{"model", "upload"}, "PACKAGE or --series is required"},
      {{"model", "upload", "p", "--series", "s"}, "--series excludes PACKAGE"},
      {{"model", "upload", "--series", "s", "--version", "3"}, "--series excludes --version"},
      {{"model", "upload", "--series", "s", "--alias", "prod"}, "--series excludes --alias"},
      {{"model", "upload", "p", "--only", "2-8"}, "--only requires --series"},
      {{"model", "upload", "p", "--prod", "2-8"}, "--prod requires --series"},
      {{"model", "upload", "--series", "s", "--prod", "x", "--no-aliases"},
       "--prod excludes --no-aliases"},
      {{"convert", "--output", "o", "--calibrate", "t"}, "--model or --series is required"},
      {{"convert", "--output", "o", "--calibrate", "t", "--model", "m"}, "--pattern is required"},
      {{"convert", "--output", "o", "--calibrate", "t", "--model", "m", "--series", "s"},
       "--model excludes --series"},
      {{"convert", "--output", "o", "--calibrate", "t", "--series", "s", "--pattern", "2:8"},
       "--series excludes --pattern"},
  };
  for (const Case& c : cases) {
    const Outcome run = RunWith(c.args);
    EXPECT_EQ(run.code, kExitUsage) << run.err;
    EXPECT_THAT(run.err, AnyOf(HasSubstr(c.message), HasSubstr(TurnedRound(c.message))));
  }
}

v1::GetModelResponse VersionOfSeries(int version, const std::string& candidate, double accuracy) {
  v1::GetModelResponse response;
  response.mutable_model()->set_name("toy");
  response.mutable_model()->set_version(version);
  response.mutable_model()->set_state(v1::MODEL_STATE_READY);
  response.mutable_model()->add_aliases("p" + candidate);
  response.mutable_model()->set_is_default(version == 2);
  response.mutable_model()->set_size_bytes(1000 * version);
  v1::Matrix& matrix = *response.add_matrices();
  matrix.set_name("m");
  matrix.set_rows(8);
  matrix.set_columns(8);
  matrix.set_pattern(candidate == "2-8" ? "2:8" : "4:8");
  v1::SeriesEntry& series = *response.mutable_series();
  series.set_series("toy");
  series.set_candidate(candidate);
  series.set_task("sst2");
  series.set_split("dev");
  series.set_metric("accuracy");
  (*series.mutable_scores())["accuracy"] = accuracy;
  (*series.mutable_dense_scores())["accuracy"] = 91.5;
  return response;
}

TEST(SeriesShowTest, SetsTheVersionsOfAModelSideBySide) {
  FakeInferenceServer server;
  v1::GetModelResponse single = VersionOfSeries(1, "other", 0);
  single.clear_series();
  server.SetModels({VersionOfSeries(3, "2-8", 90.25), VersionOfSeries(2, "4-8", 91), single});
  const Outcome run = RunWith({"model", "show", "toy", "--server", server.address()});
  ASSERT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(run.out,
              EndsWith("\nseries toy (sst2, dev): accuracy, dense 91.50\n"
                       "candidate  pattern  density  accuracy  drop  steps  bytes  version  "
                       "aliases  state\n"
                       "---------  -------  -------  --------  ----  -----  -----  -------  "
                       "-------  -----\n"
                       "4-8        4:8       50.0 %     91.00  0.50      0  2,000       *2  "
                       "p4-8     READY\n"
                       "2-8        2:8       25.0 %     90.25  1.25      0  3,000        3  "
                       "p2-8     READY\n"));
  const auto json = nlohmann::json::parse(
      RunWith({"model", "show", "toy", "--json", "--server", server.address()}).out);
  ASSERT_EQ(json["series"]["toy"].size(), 2u);
  EXPECT_EQ(json["series"]["toy"][1]["drop"], 1.25);
  EXPECT_EQ(json["package"]["series"]["candidate"], "2-8");
}

TEST(SeriesShowTest, SaysNothingWhereThereIsNoSeries) {
  FakeInferenceServer server;
  EXPECT_THAT(RunWith({"model", "show", "embedder", "--server", server.address()}).out,
              Not(HasSubstr("series")));
}

}  // namespace
}  // namespace sta::client
