// SPDX-License-Identifier: Apache-2.0
#include "server/services/model_messages.h"

#include <memory>
#include <vector>

#include "server/services/model_signature.h"
#include "tests/server/services/fake_model.h"
#include "tests/support/diagnostic_models.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ServedModel MakeServed(Task task) {
  ModelConfig config;
  config.task = task;
  config.hidden_size = 384;
  config.token_type_count = 2;
  config.max_sequence_tokens = 512;
  config.text_truncation_tokens = 256;
  config.labels = {"no", "yes"};
  ServedModel served;
  served.name = "minilm";
  served.version = 3;
  served.model = std::make_shared<FakeModel>(config);
  return served;
}

inference::ModelConfig ConfigOf(Task task, const ServingLimits& limits = {}) {
  inference::ModelConfig config;
  FillModelConfig(MakeServed(task), limits, config);
  return config;
}

// Triton's clients take rows from the one and dimensions from the other.
TEST(ModelMessagesTest, ConfigAndMetadataAgree) {
  for (const Task task :
       {Task::kSentenceEmbedding, Task::kSequenceClassification, Task::kLastHiddenState}) {
    const inference::ModelConfig config = ConfigOf(task);
    inference::ModelMetadataResponse metadata;
    FillModelMetadata(MakeServed(task), std::vector<std::string>{"3", "2"}, metadata);
    EXPECT_THAT(metadata.versions(), ElementsAre("3", "2"));
    ASSERT_EQ(config.input_size(), metadata.inputs_size());
    for (int i = 0; i < config.input_size(); ++i) {
      EXPECT_EQ(config.input(i).name(), metadata.inputs(i).name());
      std::vector<int64_t> shape = {-1};
      shape.insert(shape.end(), config.input(i).dims().begin(), config.input(i).dims().end());
      EXPECT_THAT(metadata.inputs(i).shape(), testing::ElementsAreArray(shape));
    }
    ASSERT_EQ(config.output_size(), metadata.outputs_size());
    for (int i = 0; i < config.output_size(); ++i) {
      EXPECT_EQ(config.output(i).name(), metadata.outputs(i).name());
      std::vector<int64_t> shape = {-1};
      shape.insert(shape.end(), config.output(i).dims().begin(), config.output(i).dims().end());
      EXPECT_THAT(metadata.outputs(i).shape(), testing::ElementsAreArray(shape));
    }
    ASSERT_EQ(config.parameters_size(), metadata.properties_size());
    for (const auto& [name, value] : metadata.properties()) {
      EXPECT_EQ(config.parameters().at(name).string_value(), value);
    }
  }
}

TEST(ModelMessagesTest, ConfigTellsTensorsWithoutTheRows) {
  const inference::ModelConfig config = ConfigOf(Task::kSequenceClassification);
  EXPECT_EQ(config.name(), "minilm");
  ASSERT_EQ(config.input_size(), 5);
  EXPECT_EQ(config.input(0).name(), kTextInput);
  EXPECT_EQ(config.input(0).data_type(), inference::TYPE_STRING);
  EXPECT_THAT(config.input(0).dims(), ElementsAre(1));
  EXPECT_TRUE(config.input(0).optional());
  EXPECT_EQ(config.input(2).name(), kInputIdsInput);
  EXPECT_EQ(config.input(2).data_type(), inference::TYPE_INT64);
  EXPECT_THAT(config.input(2).dims(), ElementsAre(-1));
  ASSERT_EQ(config.output_size(), 4);
  EXPECT_EQ(config.output(0).data_type(), inference::TYPE_FP32);
  EXPECT_THAT(config.output(0).dims(), ElementsAre(2));
  EXPECT_THAT(config.output(2).dims(), IsEmpty());
  EXPECT_THAT(config.output(3).dims(), ElementsAre(-1, 384));
}

TEST(ModelMessagesTest, ConfigTellsTheServersLimits) {
  inference::ModelConfig config =
      ConfigOf(Task::kSentenceEmbedding, {.max_rows_per_request = 7,
                                          .max_queue_requests = 9,
                                          .max_queue_delay = absl::Milliseconds(2)});
  EXPECT_EQ(config.max_batch_size(), 7);
  EXPECT_EQ(config.dynamic_batching().max_queue_delay_microseconds(), 2000U);
  const inference::ModelQueuePolicy& policy = config.dynamic_batching().default_queue_policy();
  EXPECT_EQ(policy.max_queue_size(), 9U);
  EXPECT_EQ(policy.default_timeout_microseconds(), 0U);
  EXPECT_TRUE(policy.allow_timeout_override());
  config = ConfigOf(Task::kSentenceEmbedding, {.max_rows_per_request = int64_t{1} << 40});
  EXPECT_EQ(config.max_batch_size(), std::numeric_limits<int32_t>::max());
}

TEST(ModelMessagesTest, ADiagnosticModelTellsWhatItDeclares) {
  for (const int64_t max_batch_size : {0, 8}) {
    const auto served = MakeDiagnostic(AddSubConfig(Datatype::kBytes, {16, -1}, max_batch_size));
    inference::ModelMetadataResponse metadata;
    FillModelMetadata(*served, {}, metadata);
    inference::ModelConfig config;
    FillModelConfig(*served, {}, config);
    EXPECT_EQ(metadata.platform(), "sta_diagnostic");
    EXPECT_EQ(metadata.properties().at("operation"), "add_sub");
    EXPECT_EQ(config.max_batch_size(), max_batch_size);
    ASSERT_EQ(config.input_size(), 2);
    ASSERT_EQ(config.output_size(), 2);
    EXPECT_EQ(config.input(1).name(), "INPUT1");
    EXPECT_FALSE(config.input(1).optional());
    EXPECT_EQ(config.output(1).data_type(), inference::TYPE_STRING);
    // The two agree: the batch is a dimension in metadata alone.
    std::vector<int64_t> shape(config.input(1).dims().begin(), config.input(1).dims().end());
    EXPECT_THAT(shape, ElementsAre(16, -1));
    if (max_batch_size > 0) shape.insert(shape.begin(), -1);
    EXPECT_EQ(
        std::vector<int64_t>(metadata.inputs(1).shape().begin(), metadata.inputs(1).shape().end()),
        shape);
  }
}

}  // namespace
}  // namespace sta
