// SPDX-License-Identifier: Apache-2.0
#include "server/services/model_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sta {
namespace {

using testing::ElementsAre;

ModelConfig Config(Task task) {
  ModelConfig config;
  config.task = task;
  config.hidden_size = 384;
  config.token_type_count = 2;
  config.labels = {"no", "yes"};
  return config;
}

TEST(ModelSignatureTest, InputsAreTextAndIds) {
  const TensorSpec text = {"text", "BYTES", {-1, 1}};
  const TensorSpec pair = {"text_pair", "BYTES", {-1, 1}};
  const TensorSpec ids = {"input_ids", "INT64", {-1, -1}};
  const TensorSpec mask = {"attention_mask", "INT64", {-1, -1}};
  const TensorSpec types = {"token_type_ids", "INT64", {-1, -1}};
  ModelConfig config = Config(Task::kSentenceEmbedding);
  EXPECT_THAT(InputSpecs(config), ElementsAre(text, pair, ids, mask, types));
  config.token_type_count = 0;
  EXPECT_THAT(InputSpecs(config), ElementsAre(text, pair, ids, mask));
}

TEST(ModelSignatureTest, OutputsGoWithTheTask) {
  const TensorSpec hidden = {"last_hidden_state", "FP32", {-1, -1, 384}};
  EXPECT_THAT(OutputSpecs(Config(Task::kSentenceEmbedding)),
              ElementsAre(TensorSpec{"sentence_embedding", "FP32", {-1, 384}}, hidden));
  EXPECT_THAT(OutputSpecs(Config(Task::kSequenceClassification)),
              ElementsAre(TensorSpec{"logits", "FP32", {-1, 2}},
                          TensorSpec{"probabilities", "FP32", {-1, 2}},
                          TensorSpec{"label", "BYTES", {-1}}, hidden));
  EXPECT_THAT(OutputSpecs(Config(Task::kLastHiddenState)), ElementsAre(hidden));
}

TEST(ModelSignatureTest, FindsOnlyWhatTheTaskOffers) {
  EXPECT_EQ(FindOutput(Task::kSentenceEmbedding, "sentence_embedding"),
            OutputKind::kSentenceEmbedding);
  EXPECT_EQ(FindOutput(Task::kSequenceClassification, "label"), OutputKind::kLabel);
  EXPECT_EQ(FindOutput(Task::kSentenceEmbedding, "label"), std::nullopt);
  EXPECT_EQ(FindOutput(Task::kLastHiddenState, ""), std::nullopt);
}

TEST(ModelSignatureTest, ADiagnosticModelHasWhatItDeclares) {
  const std::vector<DeclaredTensor> tensors = {{"INPUT0", Datatype::kFp32, {64, -1}},
                                               {"INPUT1", Datatype::kBytes, {}}};
  EXPECT_THAT(DeclaredSpecs(tensors, 0), ElementsAre(TensorSpec{"INPUT0", "FP32", {64, -1}},
                                                     TensorSpec{"INPUT1", "BYTES", {}}));
  EXPECT_THAT(DeclaredSpecs(tensors, 8), ElementsAre(TensorSpec{"INPUT0", "FP32", {-1, 64, -1}},
                                                     TensorSpec{"INPUT1", "BYTES", {-1}}));
}

}  // namespace
}  // namespace sta
