// SPDX-License-Identifier: Apache-2.0
#include "model_store/model/head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace sta {
namespace {

using testing::ElementsAre;
using testing::FloatEq;

constexpr std::array<int16_t, 4> kRows = {30, 40, 10, -40};  // two tokens of two channels

std::array<float, 2> Pool(Pooling pooling, bool normalize) {
  std::array<float, 2> embedding{};
  PoolSentence(kRows, 0.5, pooling, normalize, embedding);
  return embedding;
}

TEST(HeadTest, PoolsTheMeanOrTheFirstToken) {
  EXPECT_THAT(Pool(Pooling::kMean, false), ElementsAre(FloatEq(10), FloatEq(0)));
  EXPECT_THAT(Pool(Pooling::kCls, false), ElementsAre(FloatEq(15), FloatEq(20)));
}

TEST(HeadTest, Normalizes) {
  EXPECT_THAT(Pool(Pooling::kMean, true), ElementsAre(FloatEq(1), FloatEq(0)));
  EXPECT_THAT(Pool(Pooling::kCls, true), ElementsAre(FloatEq(0.6f), FloatEq(0.8f)));
}

TEST(HeadTest, AZeroVectorStaysZero) {
  std::array<float, 2> embedding = {7, 7};
  PoolSentence(std::array<int16_t, 2>{0, 0}, 1.0, Pooling::kMean, true, embedding);
  EXPECT_THAT(embedding, ElementsAre(0.0f, 0.0f));
}

HeadParameters Head(bool is_relu) {
  return {.pooler_weight = {1, 0, 0, -1},
          .pooler_bias = {0, 0.25f},
          .pooler_is_relu = is_relu,
          .classifier_weight = {1, 2, 0, 1, -1, 0},
          .classifier_bias = {0, 0, 0.5f}};
}

TEST(HeadTest, ClassifiesWithTanh) {
  std::array<float, 3> logits{};
  std::array<float, 3> probabilities{};
  // Features 0.3, 0.4 (first token only); pooled tanh(0.3), tanh(-0.15).
  ClassifySequence(Head(false), kRows, 0.01, logits, probabilities);
  const double a = std::tanh(0.3);
  const double b = std::tanh(-0.15);
  EXPECT_NEAR(logits[0], a + 2 * b, 1e-6);
  EXPECT_NEAR(logits[1], b, 1e-6);
  EXPECT_NEAR(logits[2], 0.5 - a, 1e-6);
  EXPECT_NEAR(probabilities[0] + probabilities[1] + probabilities[2], 1.0, 1e-6);
  EXPECT_NEAR(probabilities[0] / probabilities[1], std::exp(logits[0] - logits[1]), 1e-5);
}

TEST(HeadTest, ClassifiesWithReluAndWithoutPooler) {
  std::array<float, 3> logits{};
  std::array<float, 3> probabilities{};
  ClassifySequence(Head(true), kRows, 0.01, logits, probabilities);
  EXPECT_NEAR(logits[0], 0.3, 1e-6);  // max(0, -0.15) = 0
  HeadParameters bare = Head(true);
  bare.pooler_weight.clear();
  bare.pooler_bias.clear();
  ClassifySequence(bare, kRows, 0.01, logits, probabilities);
  EXPECT_NEAR(logits[0], 0.3 + 0.8, 1e-6);
}

TEST(HeadTest, SurvivesExtremeLogits) {
  HeadParameters head = {.classifier_weight = {1e6f, 0, -1e6f, 0}, .classifier_bias = {0, 0}};
  std::array<float, 2> logits{};
  std::array<float, 2> probabilities{};
  ClassifySequence(head, kRows, 1.0, logits, probabilities);
  EXPECT_THAT(probabilities, ElementsAre(1.0f, 0.0f));
}

}  // namespace
}  // namespace sta
