// SPDX-License-Identifier: Apache-2.0
//
// Answers of the `tokenizers` library; tests/golden/tokenizer/README.md says how they were made.
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "model_store/tokenizer/wordpiece_tokenizer.h"
#include "tests/model_store/tokenizer/tokenizer_files.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

constexpr int64_t kUncut = std::numeric_limits<int64_t>::max();

// One line of a golden file: [text, pair or null, limit or null, ids, ids of type 0].
void ExpectSameAnswer(const WordPieceTokenizer& tokenizer, const std::string& line) {
  const nlohmann::json vector = nlohmann::json::parse(line);
  std::optional<std::string> pair;
  if (!vector.at(1).is_null()) pair = vector.at(1).get<std::string>();
  const int64_t limit = vector.at(2).is_null() ? kUncut : vector.at(2).get<int64_t>();
  const auto ids = vector.at(3).get<std::vector<int32_t>>();
  std::vector<int32_t> types;
  if (pair.has_value()) {
    types.assign(vector.at(4).get<size_t>(), 0);
    types.resize(ids.size(), 1);
  }
  const absl::StatusOr<TokenSequence> tokens =
      tokenizer.Encode(vector.at(0).get<std::string>(), pair, limit);
  ASSERT_THAT(tokens, IsOk()) << line;
  EXPECT_EQ(tokens->ids, ids) << line;
  EXPECT_THAT(tokens->types, testing::ElementsAreArray(types)) << line;
}

void ExpectSameAnswers(const TokenizerFiles& files, const std::string& golden, int expected_lines) {
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<const WordPieceTokenizer> tokenizer,
                           WordPieceTokenizer::FromFiles(files));
  std::istringstream lines(ReadTokenizerGolden(golden));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) ExpectSameAnswer(*tokenizer, line);
  EXPECT_EQ(count, expected_lines);
}

TEST(HuggingFaceVectorsTest, UncasedVocabularyAgrees) {
  ExpectSameAnswers({.vocab_txt = GoldenVocabulary()}, "uncased.jsonl", 3685);
}

// Cased, no ideograph spacing, short words, added tokens that strip, stand alone or are normalized.
TEST(HuggingFaceVectorsTest, CustomTokenizerJsonAgrees) {
  ExpectSameAnswers({.tokenizer_json = ReadTokenizerGolden("custom/tokenizer.json")},
                    "custom.jsonl", 1300);
}

}  // namespace
}  // namespace sta
