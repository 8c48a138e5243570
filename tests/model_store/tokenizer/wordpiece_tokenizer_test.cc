// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/wordpiece_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "tests/model_store/tokenizer/tokenizer_files.h"
#include "tests/support/golden.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

class WordPieceTokenizerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto tokenizer = WordPieceTokenizer::FromFiles({.vocab_txt = GoldenVocabulary()});
    ASSERT_THAT(tokenizer, IsOk());
    tokenizer_ = tokenizer->release();
  }
  static void TearDownTestSuite() {
    delete tokenizer_;
    tokenizer_ = nullptr;
  }

  static std::vector<int32_t> Ids(std::string_view text, int64_t max_tokens = kNoLimit) {
    const auto tokens = tokenizer_->Encode(text, std::nullopt, max_tokens);
    EXPECT_THAT(tokens, IsOk());
    return tokens.ok() ? tokens->ids : std::vector<int32_t>();
  }

  static const WordPieceTokenizer* tokenizer_;
};

const WordPieceTokenizer* WordPieceTokenizerTest::tokenizer_ = nullptr;

TEST_F(WordPieceTokenizerTest, EqualsTransformersJsVectors) {
  for (const auto& vector : LoadGolden("tokenizer/bert-base-uncased.json")) {
    std::optional<std::string> pair;
    if (!vector.at("text_pair").is_null()) pair = vector.at("text_pair").get<std::string>();
    STA_ASSERT_OK_AND_ASSIGN(
        const TokenSequence tokens,
        tokenizer_->Encode(vector.at("text").get<std::string>(), pair, kNoLimit));
    EXPECT_EQ(tokens.ids, vector.at("ids").get<std::vector<int32_t>>()) << vector.at("name");
  }
}

TEST_F(WordPieceTokenizerTest, GivesTheSecondTextOfAPairTypeOne) {
  STA_ASSERT_OK_AND_ASSIGN(const TokenSequence tokens, tokenizer_->Encode("a b", "c", kNoLimit));
  EXPECT_THAT(tokens.ids, ElementsAre(101, 1037, 1038, 102, 1039, 102));
  EXPECT_THAT(tokens.types, ElementsAre(0, 0, 0, 0, 1, 1));
  STA_ASSERT_OK_AND_ASSIGN(const TokenSequence single,
                           tokenizer_->Encode("a", std::nullopt, kNoLimit));
  EXPECT_THAT(single.types, IsEmpty());
}

TEST_F(WordPieceTokenizerTest, RefusesLimitsBelowTheSpecialTokens) {
  EXPECT_THAT(Ids("a b c", 2), ElementsAre(101, 102));
  EXPECT_THAT(tokenizer_->Encode("a", std::nullopt, 1),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "max_tokens is 1, but the special tokens alone take 2"));
  EXPECT_THAT(tokenizer_->Encode("a", "b", 2),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "max_tokens is 2, but the special tokens alone take 3"));
  EXPECT_THAT(tokenizer_->Encode("a", std::nullopt, -5),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("-5")));
}

TEST_F(WordPieceTokenizerTest, NamesTheByteOfInvalidUtf8EvenBehindTheCut) {
  EXPECT_THAT(tokenizer_->Encode("ab\xFF", std::nullopt, kNoLimit),
              StatusIs(absl::StatusCode::kInvalidArgument, "text is not valid UTF-8 at byte 2"));
  EXPECT_THAT(
      tokenizer_->Encode("a", "\xC3", kNoLimit),
      StatusIs(absl::StatusCode::kInvalidArgument, "text_pair is not valid UTF-8 at byte 0"));
  EXPECT_THAT(tokenizer_->Encode("a b c d \xED\xA0\x80", std::nullopt, 3),
              StatusIs(absl::StatusCode::kInvalidArgument, "text is not valid UTF-8 at byte 8"));
}

TEST_F(WordPieceTokenizerTest, MakesOverlongWordsUnknown) {
  EXPECT_THAT(Ids(std::string(101, 'x')), ElementsAre(101, 100, 102));
  EXPECT_GT(Ids(std::string(100, 'x')).size(), 3U);
  std::string accented;
  for (int i = 0; i < 100; ++i) accented += "é";
  EXPECT_GT(Ids(accented).size(), 3U);  // characters count, not bytes
  EXPECT_THAT(Ids(accented + "é"), ElementsAre(101, 100, 102));
}

TEST_F(WordPieceTokenizerTest, FindsSpecialTokensInTextExactlyAsWritten) {
  EXPECT_THAT(Ids("a[SEP]b [MASK]."), ElementsAre(101, 1037, 102, 1038, 103, 1012, 102));
  EXPECT_THAT(Ids("[mask]"), ElementsAre(101, 1031, 7308, 1033, 102));
}

TEST_F(WordPieceTokenizerTest, CutsLongTextsWhereTheWholeWouldBeCut) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "word[SEP]émile ";
  const std::vector<int32_t> all = Ids(text);
  for (const int64_t limit : {3, 100, 1999, 5000}) {
    std::vector<int32_t> expected(all.begin(), all.begin() + limit - 1);
    expected.push_back(102);
    EXPECT_EQ(Ids(text, limit), expected) << limit;
  }
}

TEST_F(WordPieceTokenizerTest, TellsTheVocabulary) {
  EXPECT_EQ(tokenizer_->vocabulary_size(), 30522);
  EXPECT_EQ(tokenizer_->TokenText(103), "[MASK]");
  EXPECT_EQ(tokenizer_->TokenText(-1), "");
  EXPECT_EQ(tokenizer_->TokenText(30522), "");
  EXPECT_EQ(tokenizer_->model_max_tokens(), std::nullopt);
}

}  // namespace
}  // namespace sta
