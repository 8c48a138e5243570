// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/model_config.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

ModelConfig SmallConfig() {
  ModelConfig config;
  config.task = Task::kSequenceClassification;
  config.hidden_size = 8;
  config.intermediate_size = 16;
  config.layer_count = 2;
  config.head_count = 2;
  config.vocabulary_size = 100;
  config.token_type_count = 2;
  config.max_sequence_tokens = 64;
  config.text_truncation_tokens = 32;
  config.labels = {"no", "yes"};
  return config;
}

TEST(ModelConfigTest, ReadsWhatItWritesBesideTheAuthorsKeys) {
  STA_ASSERT_OK_AND_ASSIGN(const std::string json,
                           FormatModelConfig(SmallConfig(), R"({"architectures": ["BertModel"]})"));
  EXPECT_NE(json.find("BertModel"), std::string::npos);
  STA_ASSERT_OK_AND_ASSIGN(const ModelConfig config, ParseModelConfig(json));
  EXPECT_EQ(config, SmallConfig());
}

struct Edit {
  const char* from;
  const char* to;
  const char* message;
};

TEST(ModelConfigTest, RefusesHostileValues) {
  STA_ASSERT_OK_AND_ASSIGN(const std::string good, FormatModelConfig(SmallConfig(), "{}"));
  const Edit edits[] = {
      {"\"hidden_size\": 8", "\"hidden_size\": 9223372036854775808",
       "key 'hidden_size' must be an integer in 1..4096"},
      {"\"hidden_size\": 8", "\"hidden_size\": 7",
       "hidden_size 7 is not a multiple of head_count 2"},
      {"\"layer_count\": 2", "\"layer_count\": -1",
       "key 'layer_count' must be an integer in 1..1024"},
      {"\"head_count\": 2", "\"head_count\": 0", "key 'head_count' must be an integer in 1..4096"},
      {"\"vocabulary_size\": 100", "\"vocabulary_size\": 1e2",
       "key 'vocabulary_size' must be an integer in 1..16777216"},
      {"\"token_type_count\": 2", "\"token_type_count\": 3",
       "key 'token_type_count' must be an integer in 0..2"},
      {"\"text_truncation_tokens\": 32", "\"text_truncation_tokens\": 65",
       "text_truncation_tokens 65 is over max_sequence_tokens 64"},
      {"\"task\": \"sequence_classification\"", "\"task\": \"poetry\"",
       "task 'poetry' is not known; allowed are sentence_embedding sequence_classification "
       "last_hidden_state"},
      {"\"pooling\": \"mean\"", "\"pooling\": 1", "key 'pooling' must be a string"},
      {"\"no\",", "1,", "key 'labels' holds a non-string"},
      {"\"head_count\"", "\"hidden_size\"", "key 'hidden_size' appears twice in one object"},
      {"\"sta\"", "\"its\"", "there is no 'sta' section: not a config.json of a package"},
  };
  for (const Edit& edit : edits) {
    std::string json = good;
    const size_t at = json.find(edit.from);
    ASSERT_NE(at, std::string::npos) << edit.from;
    json.replace(at, std::string(edit.from).size(), edit.to);
    EXPECT_THAT(ParseModelConfig(json), StatusIs(kInvalid, edit.message)) << edit.to;
  }
}

TEST(ModelConfigTest, RefusesWhatIsNoConfig) {
  EXPECT_THAT(ParseModelConfig("[1]"),
              StatusIs(kInvalid, "there is no 'sta' section: not a config.json of a package"));
  EXPECT_THAT(ParseModelConfig(R"({"sta": 3})"),
              StatusIs(kInvalid, "there is no 'sta' section: not a config.json of a package"));
  EXPECT_THAT(ParseModelConfig(R"({"sta":)" + std::string(100'000, '[')),
              StatusIs(kInvalid, "nested deeper than 32 levels"));
}

TEST(ModelConfigTest, AClassifierNeedsLabels) {
  ModelConfig config = SmallConfig();
  config.labels.clear();
  STA_ASSERT_OK_AND_ASSIGN(const std::string json, FormatModelConfig(config, "{}"));
  EXPECT_THAT(ParseModelConfig(json),
              StatusIs(kInvalid, "a sequence_classification model needs labels"));
}

}  // namespace
}  // namespace sta
