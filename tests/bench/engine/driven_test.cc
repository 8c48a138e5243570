// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/driven.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/support/fake_device.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta::bench {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class DrivenTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(WriteTinyPackage(package_), IsOk());
    auto device = std::make_unique<FakeDevice>("fake");
    device_ = device.get();
    absl::StatusOr<std::unique_ptr<EngineRunner>> runner =
        EngineRunner::Open(package_, std::move(device));
    ASSERT_THAT(runner.status(), IsOk());
    runner_ = *std::move(runner);
  }

  // The lines of the answer.
  std::vector<std::string> Drive(const std::string& requests) {
    std::istringstream in(requests);
    std::ostringstream out;
    ServeDriver(*runner_, in, out);
    std::vector<std::string> lines = absl::StrSplit(out.str(), '\n');
    EXPECT_EQ(lines.back(), "");
    lines.pop_back();
    return lines;
  }

  const TemporaryDirectory directory_;
  const std::filesystem::path package_ = directory_.path() / "tiny";
  FakeDevice* device_ = nullptr;
  std::unique_ptr<EngineRunner> runner_;
};

TEST_F(DrivenTest, IsReadyAndEndsWithTheInput) {
  EXPECT_THAT(Drive(""), ElementsAre(StartsWith("ready fake: ")));
}

TEST_F(DrivenTest, RunsAShapeAsOftenAsAsked) {
  const std::vector<std::string> lines = Drive("run 2x8 3\n");
  ASSERT_THAT(lines, SizeIs(2));
  const std::vector<std::string> times = absl::StrSplit(lines[1], ' ');
  EXPECT_THAT(times, SizeIs(3));
  for (const std::string& time : times) {
    double microseconds = -1;
    EXPECT_TRUE(absl::SimpleAtod(time, &microseconds)) << time;
    EXPECT_GE(microseconds, 0);
  }
  EXPECT_THAT(device_->batches(), SizeIs(3));
  EXPECT_THAT(device_->batches(), Each(ElementsAre(0, 8, 16)));
}

TEST_F(DrivenTest, AnswersWithTheEmbeddingsOfEverySequence) {
  const std::vector<std::string> lines = Drive("embed 2x8\nembed 1x8\n");
  ASSERT_THAT(lines, SizeIs(3));
  const std::vector<std::string> both = absl::StrSplit(lines[1], ' ');
  const std::vector<std::string> first = absl::StrSplit(lines[2], ' ');
  ASSERT_EQ(both.size(), 2 * first.size());
  // The tiny model normalizes.
  double squares = 0;
  for (const std::string& text : first) {
    double value = 0;
    ASSERT_TRUE(absl::SimpleAtod(text, &value)) << text;
    squares += value * value;
  }
  EXPECT_NEAR(squares, 1.0, 1e-5);
}

TEST_F(DrivenTest, GoesOnAfterAnError) {
  device_->FailNext(absl::UnavailableError("the device is gone"));
  EXPECT_THAT(Drive("run 1x8 1\nrun 1x8 0\nrun 1x8\nrun 1x65 1\nwalk 1x8 1\n\nrun 1x8 1\n"),
              ElementsAre(StartsWith("ready"), "error: the device is gone",
                          HasSubstr("error: 'run 1x8 0' is neither"),
                          HasSubstr("error: 'run 1x8' is neither"),
                          HasSubstr("error: shape '1x65': a sequence of 65 tokens is over"),
                          HasSubstr("error: 'walk 1x8 1' is neither"),
                          HasSubstr("error: '' is neither"), testing::MatchesRegex("[0-9.]+")));
}

TEST(EngineRunnerTest, RefusesAModelWithoutSentenceEmbeddings) {
  const TemporaryDirectory directory;
  const std::filesystem::path package = directory.path() / "classifier";
  ASSERT_THAT(WriteTinyPackage(package, {.task = Task::kSequenceClassification}), IsOk());
  EXPECT_THAT(EngineRunner::Open({.package = package}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("is a model of task sequence_classification; this needs")));
}

TEST(EngineRunnerTest, SaysWhatIsNoPackage) {
  EXPECT_THAT(EngineRunner::Open({.package = "/nowhere"}).status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere")));
}

}  // namespace
}  // namespace sta::bench
