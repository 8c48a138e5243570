// SPDX-License-Identifier: Apache-2.0
#include "server/services/request_size.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sta {
namespace {

TEST(RequestSizeTest, NumbersInMessagesTakeMoreThanRawBytes) {
  inference::ModelInferRequest raw;
  raw.add_raw_input_contents(std::string(10'000, 'x'));
  EXPECT_GE(RequestBytes(raw), 10'000);
  EXPECT_LE(RequestBytes(raw), 10'100);

  inference::ModelInferRequest typed;
  for (int i = 0; i < 1000; ++i) {
    typed.mutable_inputs()->Add()->mutable_contents()->add_int64_contents(i);
  }
  EXPECT_GE(RequestBytes(typed), 1000 * 8);
}

TEST(RequestSizeTest, AnAnswerTakesTokensRowsAndOutputs) {
  const ModelConfig config = {.hidden_size = 100};
  const std::vector<TokenSequence> sequences = {{.ids = std::vector<int32_t>(3)},
                                                {.ids = std::vector<int32_t>(5)}};
  const int64_t rows = 8 * (8 + 200);
  EXPECT_EQ(AnswerBytes(config, {}, sequences), rows);
  const std::vector<OutputKind> embedding = {OutputKind::kSentenceEmbedding};
  EXPECT_EQ(AnswerBytes(config, embedding, sequences), rows + 2 * 2 * 400);
  const std::vector<OutputKind> hidden = {OutputKind::kLastHiddenState};
  EXPECT_EQ(AnswerBytes(config, hidden, sequences), rows + 2 * 2 * 5 * 400);
}

TEST(RequestSizeTest, TextsAreGuessedAndBoundedByTheModel) {
  const ModelConfig config = {.max_sequence_tokens = 50};
  const std::string text(100, 'x');
  const std::string book(100'000, 'x');
  const std::vector<TextRow> texts = {{.text = text, .pair = text}, {.text = book}, {.text = ""}};
  const TextSize size = SizeOf(config, texts);
  EXPECT_EQ(size.bytes, 100'200);
  EXPECT_EQ(size.least_tokens, 6);
  EXPECT_EQ(size.about_tokens, 42 + 50 + 2);
}

}  // namespace
}  // namespace sta
