// SPDX-License-Identifier: Apache-2.0
//
// The forward pass against Hugging Face's own; tests/golden/float_models/README.md says how.
#include "model_store/convert/float_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "model_store/convert/checkpoint.h"
#include "model_store/model/head.h"
#include "tests/support/golden.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

// The answers were computed in double precision; float alone costs up to 5e-6 here. Layer norms
// with BERT's epsilon in RoBERTa's place, or the reverse, would be 3e-5 off in each of the models.
constexpr float kRounding = 1e-5f;

absl::StatusOr<FloatEncoder> ReadGoldenModel(const std::string& name) {
  const std::filesystem::path directory =
      std::filesystem::path(STA_TEST_DATA_DIR) / "golden" / "float_models" / name;
  const absl::StatusOr<HuggingFaceConfig> config = ReadHuggingFaceConfig(directory, std::nullopt);
  if (!config.ok()) return config.status();
  const absl::StatusOr<Checkpoint> checkpoint = Checkpoint::Open(directory);
  if (!checkpoint.ok()) return checkpoint.status();
  return ReadFloatEncoder(*checkpoint, *config);
}

struct Answer {
  TokenSequence tokens;
  std::vector<std::vector<float>> hidden;
  std::vector<float> logits;
};

std::vector<Answer> ReadAnswers(const std::string& name) {
  std::vector<Answer> answers;
  for (const auto& row : LoadGolden("float_models/" + name + "/expected.json")) {
    answers.push_back({.tokens = {.ids = row.at("ids").get<std::vector<int32_t>>(),
                                  .types = row.at("types").get<std::vector<uint8_t>>()},
                       .hidden = row.at("hidden").get<std::vector<std::vector<float>>>(),
                       .logits = row.at("logits").get<std::vector<float>>()});
  }
  return answers;
}

class GoldenModelTest : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(ModelTypes, GoldenModelTest,
                         testing::Values("bert", "distilbert", "roberta"));

TEST_P(GoldenModelTest, HiddenStatesAreHuggingFaces) {
  STA_ASSERT_OK_AND_ASSIGN(const FloatEncoder encoder, ReadGoldenModel(GetParam()));
  const std::vector<Answer> answers = ReadAnswers(GetParam());
  ASSERT_FALSE(answers.empty());
  // All at once: packed sequences must not see one another.
  std::vector<TokenSequence> sequences;
  for (const Answer& answer : answers) sequences.push_back(answer.tokens);
  const Matrix hidden = encoder.Forward(sequences, nullptr);
  Eigen::Index row = 0;
  for (const Answer& answer : answers) {
    for (const std::vector<float>& expected : answer.hidden) {
      const Eigen::Map<const Eigen::RowVectorXf> wanted(expected.data(), hidden.cols());
      EXPECT_LT((hidden.row(row) - wanted).cwiseAbs().maxCoeff(), kRounding) << "row " << row;
      ++row;
    }
  }
  EXPECT_EQ(row, hidden.rows());
}

TEST_P(GoldenModelTest, HeadGivesHuggingFacesLogits) {
  STA_ASSERT_OK_AND_ASSIGN(const FloatEncoder encoder, ReadGoldenModel(GetParam()));
  for (const Answer& answer : ReadAnswers(GetParam())) {
    const Matrix hidden = encoder.Forward({&answer.tokens, 1}, nullptr);
    // Heads take int16 rows; half a step of rounding is all that may show.
    const double step = static_cast<double>(hidden.cwiseAbs().maxCoeff()) / 32767;
    std::vector<int16_t> first_row;
    for (const float value : hidden.row(0)) {
      first_row.push_back(static_cast<int16_t>(std::lround(value / step)));
    }
    std::vector<float> logits(answer.logits.size());
    std::vector<float> probabilities(logits.size());
    ClassifySequence(encoder.head, first_row, step, logits, probabilities);
    EXPECT_THAT(logits, testing::Pointwise(testing::FloatNear(1e-3f), answer.logits));
  }
}

TEST(FloatEncoderTest, ReadsLabelsOfTheGoldenModels) {
  STA_ASSERT_OK_AND_ASSIGN(const FloatEncoder bert, ReadGoldenModel("bert"));
  EXPECT_THAT(bert.config.labels, testing::ElementsAre("bad", "so-so", "good"));
  STA_ASSERT_OK_AND_ASSIGN(const FloatEncoder distilbert, ReadGoldenModel("distilbert"));
  EXPECT_THAT(distilbert.config.labels, testing::ElementsAre("LABEL_0", "LABEL_1"));
}

TEST(FloatEncoderTest, PoolsAndNormalizesAsTheConfigSays) {
  STA_ASSERT_OK_AND_ASSIGN(FloatEncoder encoder, ReadGoldenModel("bert"));
  const TokenSequence tokens = {.ids = {2, 5, 9, 3}, .types = {}};
  const Matrix hidden = encoder.Forward({&tokens, 1}, nullptr);
  for (const Pooling pooling : {Pooling::kMean, Pooling::kCls}) {
    for (const bool normalize : {false, true}) {
      encoder.config.pooling = pooling;
      encoder.config.normalize = normalize;
      const std::vector<Vector> vectors = encoder.SentenceVectors({&tokens, 1});
      ASSERT_EQ(vectors.size(), 1u);
      Vector expected = pooling == Pooling::kCls ? Vector(hidden.row(0).transpose())
                                                 : Vector(hidden.colwise().mean().transpose());
      if (normalize) expected /= expected.norm();
      EXPECT_LT((vectors[0] - expected).norm(), 1e-6);
    }
  }
}

}  // namespace
}  // namespace sta
