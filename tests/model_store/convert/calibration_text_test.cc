// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/calibration_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class CalibrationTextTest : public testing::Test {
 protected:
  absl::StatusOr<CalibrationText> Read(const std::string& content, int64_t max_sentences) {
    const std::filesystem::path path = root_.path() / "sentences.txt";
    std::ofstream(path, std::ios::binary) << content;
    return ReadCalibrationText(path, max_sentences);
  }
  static std::string Numbers(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += std::to_string(i) + "\n";
    return text;
  }

  TemporaryDirectory root_;
};

TEST_F(CalibrationTextTest, HoldsBackEveryTenthSentence) {
  STA_ASSERT_OK_AND_ASSIGN(const CalibrationText text, Read(Numbers(25), 500));
  EXPECT_THAT(text.held_back, ElementsAre("9", "19"));
  EXPECT_THAT(text.calibration, SizeIs(23));
}

TEST_F(CalibrationTextTest, TakesSentencesEvenlyFromTheWholeFile) {
  STA_ASSERT_OK_AND_ASSIGN(const CalibrationText text, Read(Numbers(200), 20));
  EXPECT_THAT(text.held_back, ElementsAre("90", "190"));
  ASSERT_THAT(text.calibration, SizeIs(18));
  EXPECT_EQ(text.calibration[1], "10");
}

TEST_F(CalibrationTextTest, SkipsEmptyLinesAndCarriageReturns) {
  std::string content;
  for (int i = 0; i < 20; ++i) content += "line\r\n\r\n\n";
  STA_ASSERT_OK_AND_ASSIGN(const CalibrationText text, Read(content, 500));
  EXPECT_THAT(text.calibration, SizeIs(18));
  EXPECT_EQ(text.calibration[0], "line");
}

TEST_F(CalibrationTextTest, RefusesTooFewSentences) {
  EXPECT_THAT(Read(Numbers(19), 500), StatusIs(absl::StatusCode::kInvalidArgument,
                                               HasSubstr("has 19 sentences; at least 20")));
  EXPECT_THAT(Read(Numbers(100), 19), StatusIs(absl::StatusCode::kInvalidArgument,
                                               HasSubstr("at most 19 calibration sentences")));
}

TEST_F(CalibrationTextTest, NamesTheLineThatIsNoUtf8) {
  EXPECT_THAT(Read(Numbers(40) + "\nbad \xFF\n", 20),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("line 42 is not valid UTF-8 at byte 4")));
}

TEST_F(CalibrationTextTest, CutsGiganticLinesBetweenCharacters) {
  std::string line = "x";
  while (line.size() < (size_t{1} << 20) + 3) line += "é";
  std::string content;
  for (int i = 0; i < 20; ++i) content += line + "\n";
  STA_ASSERT_OK_AND_ASSIGN(const CalibrationText text, Read(content, 500));
  EXPECT_EQ(text.calibration[0].size(), (size_t{1} << 20) - 1);
}

TEST_F(CalibrationTextTest, SaysThatThereIsNoText) {
  EXPECT_THAT(ReadCalibrationText("", 500), StatusIs(absl::StatusCode::kInvalidArgument,
                                                     HasSubstr("a calibration text is needed")));
  for (const auto& path : {root_.path(), root_.path() / "missing.txt"}) {
    EXPECT_THAT(ReadCalibrationText(path, 500),
                StatusIs(absl::StatusCode::kNotFound, HasSubstr(path.string())));
  }
}

}  // namespace
}  // namespace sta
