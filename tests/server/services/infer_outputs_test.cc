// SPDX-License-Identifier: Apache-2.0
#include "server/services/infer_outputs.h"

#include "server/services/infer_response_encoder.h"
#include "tests/server/services/fake_model.h"
#include "tests/server/services/infer_messages.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::shared_ptr<const FakeModel> MakeModel(Task task) {
  ModelConfig config;
  config.task = task;
  config.hidden_size = 2;
  config.labels = {"low", "middle", "high"};
  return std::make_shared<const FakeModel>(config);
}

// Two rows of 1 and 3 tokens, set in the order in which batches may end.
absl::StatusOr<InferOutputs> Compute(Task task, const std::vector<OutputKind>& kinds,
                                     int64_t max_bytes = 1 << 20) {
  const std::vector<int64_t> lengths = {1, 3};
  auto outputs = InferOutputs::Create(MakeModel(task), kinds, lengths, max_bytes);
  if (!outputs.ok()) return outputs;
  outputs->SetRow(1, std::vector<int16_t>{1, 2, 3, 4, 5, 6});
  outputs->SetRow(0, std::vector<int16_t>{-7, 8});
  return outputs;
}

TEST(InferOutputsTest, SentenceEmbeddingsStayInTheRequestsOrder) {
  STA_ASSERT_OK_AND_ASSIGN(const InferOutputs outputs,
                           Compute(Task::kSentenceEmbedding, {OutputKind::kSentenceEmbedding}));
  ASSERT_EQ(outputs.tensors().size(), 1U);
  EXPECT_THAT(outputs.tensors()[0].shape, ElementsAre(2, 2));
  EXPECT_THAT(outputs.tensors()[0].floats, ElementsAre(-7, 8, 9, 12));
}

TEST(InferOutputsTest, HiddenStatesArePaddedWithZerosToTheLongestRow) {
  STA_ASSERT_OK_AND_ASSIGN(const InferOutputs outputs,
                           Compute(Task::kLastHiddenState, {OutputKind::kLastHiddenState}));
  EXPECT_THAT(outputs.tensors()[0].shape, ElementsAre(2, 3, 2));
  EXPECT_THAT(outputs.tensors()[0].floats, ElementsAre(-7, 8, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6));
}

TEST(InferOutputsTest, ClassesComeInTheOrderAskedFor) {
  STA_ASSERT_OK_AND_ASSIGN(
      const InferOutputs outputs,
      Compute(Task::kSequenceClassification,
              {OutputKind::kLabel, OutputKind::kLogits, OutputKind::kProbabilities}));
  ASSERT_EQ(outputs.tensors().size(), 3U);
  // Sums of the first column: -7 and 1 + 3 + 5 = 9.
  EXPECT_THAT(outputs.tensors()[0].labels, ElementsAre("low", "high"));
  EXPECT_THAT(outputs.tensors()[0].shape, ElementsAre(2));
  EXPECT_THAT(outputs.tensors()[1].floats, ElementsAre(0, -7, -14, 0, 9, 18));
  EXPECT_THAT(outputs.tensors()[1].shape, ElementsAre(2, 3));
  EXPECT_EQ(outputs.tensors()[2].floats[1], 0.5F);
}

TEST(InferOutputsTest, RefusesRepliesOverTheLimit) {
  // [2, 3, 2] floats are 48 bytes.
  EXPECT_THAT(Compute(Task::kLastHiddenState, {OutputKind::kLastHiddenState}, 48), IsOk());
  EXPECT_THAT(Compute(Task::kLastHiddenState, {OutputKind::kLastHiddenState}, 47),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       "the reply would be over this server's limit of 47 bytes: 2 rows of "
                       "'last_hidden_state'; send fewer rows a request"));
  // Each fits alone, both together do not: 16 + 48.
  EXPECT_THAT(Compute(Task::kSentenceEmbedding,
                      {OutputKind::kSentenceEmbedding, OutputKind::kLastHiddenState}, 63),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("'last_hidden_state'")));
  const std::vector<int64_t> huge = {int64_t{1} << 62, 1, 1, 1};
  EXPECT_THAT(InferOutputs::Create(MakeModel(Task::kLastHiddenState),
                                   std::vector{OutputKind::kLastHiddenState}, huge, 1 << 20),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

absl::Status Encode(const InferOutputs& outputs, const std::vector<OutputForm>& forms,
                    inference::ModelInferResponse& response, int64_t max_bytes = 1 << 20) {
  const std::vector<std::string> labels = {"low", "middle", "high"};
  return EncodeOutputs(outputs.tensors(),
                       {.forms = forms, .labels = labels, .max_bytes = max_bytes}, response);
}

TEST(InferResponseEncoderTest, WritesRawTensorsInOrder) {
  STA_ASSERT_OK_AND_ASSIGN(
      const InferOutputs outputs,
      Compute(Task::kSequenceClassification, {OutputKind::kLogits, OutputKind::kLabel}));
  inference::ModelInferResponse response;
  ASSERT_THAT(Encode(outputs, {OutputForm(), OutputForm()}, response), IsOk());
  ASSERT_EQ(response.outputs_size(), 2);
  EXPECT_EQ(response.outputs(0).name(), "logits");
  EXPECT_EQ(response.outputs(0).datatype(), "FP32");
  EXPECT_THAT(response.outputs(0).shape(), ElementsAre(2, 3));
  EXPECT_FALSE(response.outputs(0).has_contents());
  EXPECT_EQ(response.outputs(1).name(), "label");
  EXPECT_EQ(response.outputs(1).datatype(), "BYTES");
  EXPECT_THAT(response.raw_output_contents(),
              ElementsAre(RawOf<float>({-0.0F, -7, -14, 0, 9, 18}), RawBytesOf({"low", "high"})));
}

TEST(InferResponseEncoderTest, WritesTheBestClassesAsTritonDoes) {
  STA_ASSERT_OK_AND_ASSIGN(
      const InferOutputs outputs,
      Compute(Task::kSequenceClassification, {OutputKind::kLogits, OutputKind::kProbabilities}));
  inference::ModelInferResponse response;
  // More than there are is all.
  ASSERT_THAT(Encode(outputs, {{.class_count = 2}, {.class_count = 9}}, response), IsOk());
  EXPECT_EQ(response.outputs(0).datatype(), "BYTES");
  EXPECT_THAT(response.outputs(0).shape(), ElementsAre(2, 2));
  EXPECT_THAT(response.outputs(1).shape(), ElementsAre(2, 3));
  EXPECT_THAT(response.raw_output_contents(),
              ElementsAre(RawBytesOf({"-0.000000:0:low", "-7.000000:1:middle", "18.000000:2:high",
                                      "9.000000:1:middle"}),
                          RawBytesOf({"1.000000:0:low", "0.500000:1:middle", "0.333333:2:high",
                                      "1.000000:0:low", "0.500000:1:middle", "0.333333:2:high"})));
}

TEST(InferResponseEncoderTest, EqualClassesComeInTheirOrder) {
  InferOutputs outputs =
      *InferOutputs::Create(MakeModel(Task::kSequenceClassification),
                            std::vector{OutputKind::kLogits}, std::vector<int64_t>{1}, 1 << 20);
  outputs.SetRow(0, std::vector<int16_t>{0, 0});  // every logit is 0
  inference::ModelInferResponse response;
  ASSERT_THAT(Encode(outputs, {{.class_count = 2}}, response), IsOk());
  EXPECT_THAT(response.raw_output_contents(),
              ElementsAre(RawBytesOf({"0.000000:0:low", "0.000000:1:middle"})));
}

TEST(InferResponseEncoderTest, ClassesAreBoundedAsTheyAreWritten) {
  STA_ASSERT_OK_AND_ASSIGN(const InferOutputs outputs,
                           Compute(Task::kSequenceClassification, {OutputKind::kLogits}));
  const int64_t bytes = std::ssize(RawBytesOf({"-0.000000:0:low", "18.000000:2:high"}));
  inference::ModelInferResponse response;
  EXPECT_THAT(Encode(outputs, {{.class_count = 1}}, response, bytes), IsOk());
  response.Clear();
  EXPECT_THAT(Encode(outputs, {{.class_count = 1}}, response, bytes - 1),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("send fewer rows a request, or ask for fewer classes")));
}

TEST(InferResponseEncoderTest, WritesHalfFloats) {
  STA_ASSERT_OK_AND_ASSIGN(
      const InferOutputs outputs,
      Compute(Task::kSequenceClassification, {OutputKind::kLogits, OutputKind::kProbabilities}));
  inference::ModelInferResponse response;
  ASSERT_THAT(Encode(outputs, {{.float_type = FloatType::kFp16}, {.float_type = FloatType::kBf16}},
                     response),
              IsOk());
  EXPECT_EQ(response.outputs(0).datatype(), "FP16");
  EXPECT_EQ(response.outputs(1).datatype(), "BF16");
  EXPECT_THAT(response.outputs(1).shape(), ElementsAre(2, 3));
  EXPECT_THAT(response.raw_output_contents(),
              ElementsAre(RawOf<uint16_t>({0x8000, 0xC700, 0xCB00, 0x0000, 0x4880, 0x4C80}),
                          RawOf<uint16_t>({0x3F80, 0x3F00, 0x3EAB, 0x3F80, 0x3F00, 0x3EAB})));
}

}  // namespace
}  // namespace sta
