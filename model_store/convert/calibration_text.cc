// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/calibration_text.h"

#include <fstream>
#include <utility>

#include "model_store/tokenizer/utf8.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr int64_t kFewestSentences = 20;
constexpr size_t kHeldBackEvery = 10;
constexpr size_t kLongestLine = size_t{1} << 20;

}  // namespace

absl::StatusOr<CalibrationText> ReadCalibrationText(const std::filesystem::path& path,
                                                    int64_t max_sentences) {
  if (path.empty()) {
    return absl::InvalidArgumentError(
        "a calibration text is needed: a file of some hundred sentences like those that the model "
        "will see, one a line");
  }
  if (max_sentences < kFewestSentences) {
    return absl::InvalidArgumentError(StrCat("at most ", max_sentences,
                                             " calibration sentences are asked for; at least ",
                                             kFewestSentences, " are needed"));
  }
  std::error_code error;
  std::ifstream file(path);
  if (!std::filesystem::is_regular_file(path, error) || !file) {
    return absl::NotFoundError(StrCat("cannot read the calibration text '", path.string(), "'"));
  }
  std::vector<std::string> lines;
  int64_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (const auto invalid = FindInvalidUtf8(line)) {
      return absl::InvalidArgumentError(StrCat("calibration text '", path.string(), "' line ",
                                               number, " is not valid UTF-8 at byte ", *invalid));
    }
    if (!line.empty()) lines.emplace_back(CutUtf8(line, kLongestLine));
  }
  const auto count = std::ssize(lines);
  if (count < kFewestSentences) {
    return absl::InvalidArgumentError(StrCat("the calibration text '", path.string(), "' has ",
                                             count, " sentences; at least ", kFewestSentences,
                                             " are needed"));
  }
  CalibrationText text;
  const int64_t taken = std::min(count, max_sentences);
  for (int64_t i = 0; i < taken; ++i) {
    std::string& line = lines[static_cast<size_t>(i * count / taken)];
    const bool is_held_back = static_cast<size_t>(i) % kHeldBackEvery == kHeldBackEvery - 1;
    (is_held_back ? text.held_back : text.calibration).push_back(std::move(line));
  }
  return text;
}

}  // namespace sta
