// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/hugging_face_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/hugging_face_directory.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kModules[] = R"([
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])";
constexpr char kNormalizedModules[] = R"([
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize",
     "type": "sentence_transformers.models.Normalize"}])";

class HuggingFaceConfigTest : public testing::Test {
 protected:
  // What a directory says, with changes made to it before it is written.
  absl::StatusOr<ModelConfig> Read(const HuggingFaceDirectory& model,
                                   std::optional<Task> task = std::nullopt) {
    std::filesystem::remove_all(directory_);
    if (absl::Status written = model.Write(directory_); !written.ok()) return written;
    absl::StatusOr<HuggingFaceConfig> config = ReadHuggingFaceConfig(directory_, task);
    if (!config.ok()) return config.status();
    return config->config;
  }
  absl::StatusOr<ModelConfig> ReadWith(const std::string& key, const nlohmann::json& value,
                                       const HuggingFaceOptions& options = {}) {
    HuggingFaceDirectory model(options);
    model.config[key] = value;
    return Read(model);
  }
  absl::StatusOr<ModelConfig> ReadWithFiles(const std::map<std::string, std::string>& files) {
    HuggingFaceDirectory model({});
    for (const auto& [name, content] : files) model.files[name] = content;
    return Read(model);
  }

  TemporaryDirectory root_;
  std::filesystem::path directory_ = root_.path() / "model";
};

TEST_F(HuggingFaceConfigTest, ReadsTheSizesOfEveryModelType) {
  for (const char* type : {"bert", "distilbert", "roberta"}) {
    const bool is_roberta = std::string_view(type) == "roberta";
    STA_ASSERT_OK_AND_ASSIGN(const ModelConfig config,
                             Read(HuggingFaceDirectory({.model_type = type})));
    EXPECT_EQ(config.model_type, type);
    EXPECT_EQ(config.hidden_size, 32) << type;
    EXPECT_EQ(config.intermediate_size, 64) << type;
    EXPECT_EQ(config.layer_count, 2) << type;
    EXPECT_EQ(config.head_count, 2) << type;
    EXPECT_EQ(config.token_type_count, std::string_view(type) == "distilbert" ? 0 : 2);
    EXPECT_EQ(config.position_offset, is_roberta ? 2 : 0);
    EXPECT_EQ(config.max_sequence_tokens, is_roberta ? 38 : 40);
  }
}

TEST_F(HuggingFaceConfigTest, FindsTheTask) {
  STA_ASSERT_OK_AND_ASSIGN(const ModelConfig embedder, Read(HuggingFaceDirectory({})));
  EXPECT_EQ(embedder.task, Task::kSentenceEmbedding);
  EXPECT_THAT(embedder.labels, IsEmpty());
  const HuggingFaceDirectory classifier({.is_classifier = true});
  STA_ASSERT_OK_AND_ASSIGN(const ModelConfig classifies, Read(classifier));
  EXPECT_EQ(classifies.task, Task::kSequenceClassification);
  EXPECT_THAT(classifies.labels, ElementsAre("bad", "so-so", "good"));
  STA_ASSERT_OK_AND_ASSIGN(const ModelConfig bare, Read(classifier, Task::kLastHiddenState));
  EXPECT_EQ(bare.task, Task::kLastHiddenState);
}

TEST_F(HuggingFaceConfigTest, ReadsLabelsByTheirNumbers) {
  nlohmann::json labels;
  for (int i = 0; i < 12; ++i) labels[std::to_string(i)] = "l" + std::to_string(i);  // "10" < "2"
  STA_ASSERT_OK_AND_ASSIGN(const ModelConfig config,
                           ReadWith("id2label", labels, {.is_classifier = true}));
  ASSERT_EQ(config.labels.size(), 12u);
  EXPECT_EQ(config.labels[2], "l2");
  EXPECT_EQ(config.labels[11], "l11");
  for (const nlohmann::json& bad :
       {nlohmann::json{{"0", "a"}, {"2", "b"}}, nlohmann::json{{"0", "a"}, {"x", "b"}},
        nlohmann::json{{"0", 1}}, nlohmann::json("a")}) {
    EXPECT_THAT(ReadWith("id2label", bad, {.is_classifier = true}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("id2label")));
  }
}

TEST_F(HuggingFaceConfigTest, PoolsAndNormalizesAsSentenceTransformersSays) {
  struct Case {
    std::map<std::string, std::string> files;
    Pooling pooling;
    bool normalize;
  };
  const Case cases[] = {
      {{}, Pooling::kMean, true},  // no sentence-transformers files
      {{{"modules.json", kModules},
        {"1_Pooling/config.json", R"({"pooling_mode_mean_tokens": true})"}},
       Pooling::kMean,
       false},
      {{{"modules.json", kNormalizedModules},
        {"1_Pooling/config.json",
         R"({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false})"}},
       Pooling::kCls,
       true},
      {{{"modules.json", kModules},
        {"1_Pooling/config.json", R"({"pooling_mode_cls_token": true})"}},
       Pooling::kCls,
       false},
  };
  for (const Case& c : cases) {
    STA_ASSERT_OK_AND_ASSIGN(const ModelConfig config, ReadWithFiles(c.files));
    EXPECT_EQ(config.pooling, c.pooling);
    EXPECT_EQ(config.normalize, c.normalize);
  }
}

TEST_F(HuggingFaceConfigTest, ReadsThePoolingFromThePathOfItsModule) {
  STA_ASSERT_OK_AND_ASSIGN(
      const ModelConfig config,
      ReadWithFiles({{"modules.json",
                      R"([{"path": "pool", "type": "sentence_transformers.models.Pooling"}])"},
                     {"pool/config.json", R"({"pooling_mode_cls_token": true})"}}));
  EXPECT_EQ(config.pooling, Pooling::kCls);
}

TEST_F(HuggingFaceConfigTest, RefusesOtherModulesAndPoolings) {
  EXPECT_THAT(
      ReadWithFiles({{"modules.json", R"([{"type": "sentence_transformers.models.Dense"}])"}}),
      StatusIs(absl::StatusCode::kInvalidArgument,
               "modules.json: module 'sentence_transformers.models.Dense' is not "
               "supported; supported are Transformer, Pooling and Normalize"));
  EXPECT_THAT(ReadWithFiles({{"modules.json", "[{}]"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a module has no type")));
  EXPECT_THAT(ReadWithFiles({{"modules.json", "{}"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, "modules.json: not a JSON array"));
  EXPECT_THAT(ReadWithFiles({{"modules.json", kModules}}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "modules.json names 1_Pooling/config.json, which is missing"));
  EXPECT_THAT(
      ReadWithFiles({{"modules.json",
                      R"([{"path": "../x", "type": "sentence_transformers.models.Pooling"}])"}}),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("path '../x' of a module must be a plain name")));
  const auto pooling = [&](const std::string& content) {
    return ReadWithFiles({{"modules.json", kModules}, {"1_Pooling/config.json", content}});
  };
  EXPECT_THAT(
      pooling(R"({"pooling_mode_max_tokens": true})"),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("1_Pooling/config.json: pooling_mode_max_tokens is not supported")));
  EXPECT_THAT(pooling(R"({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true})"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("two pooling modes at once")));
  EXPECT_THAT(pooling("{}"), StatusIs(absl::StatusCode::kInvalidArgument,
                                      HasSubstr("1_Pooling/config.json: no pooling mode is on")));
}

TEST_F(HuggingFaceConfigTest, CutsTextWhereSentenceTransformersOrTheTokenizerSays) {
  constexpr char kSentence[] = R"({"max_seq_length": 16})";
  constexpr char kTokenizer[] = R"({"model_max_length": 24})";
  struct Case {
    std::map<std::string, std::string> files;
    int64_t expected;
  };
  const Case cases[] = {
      {{}, 40},
      {{{"tokenizer_config.json", kTokenizer}}, 24},
      {{{"tokenizer_config.json", kTokenizer}, {"sentence_bert_config.json", kSentence}}, 16},
      {{{"tokenizer_config.json", R"({"model_max_length": 1000000000000000019884624838656})"}}, 40},
      {{{"sentence_bert_config.json", R"({"max_seq_length": null})"}}, 40},
      {{{"sentence_bert_config.json", R"({"max_seq_length": 4096})"}}, 40},
  };
  for (const Case& c : cases) {
    STA_ASSERT_OK_AND_ASSIGN(const ModelConfig config, ReadWithFiles(c.files));
    EXPECT_EQ(config.text_truncation_tokens, c.expected);
    EXPECT_EQ(config.max_sequence_tokens, 40);
  }
}

TEST_F(HuggingFaceConfigTest, NamesWhatIsNotSupported) {
  struct Case {
    const char* key;
    nlohmann::json value;
    const char* message;
  };
  const Case cases[] = {
      {"model_type", "gpt2", "supported are bert, roberta and distilbert"},
      {"model_type", 1, "model_type"},
      {"hidden_act", "gelu_new", "hidden_act 'gelu_new' is not supported; supported is 'gelu'"},
      {"position_embedding_type", "relative_key", "position_embedding_type 'relative_key'"},
      {"is_decoder", true, "is_decoder must be false"},
      {"hidden_size", 0, "hidden_size"},
      {"num_hidden_layers", "two", "num_hidden_layers"},
      {"num_attention_heads", -1, "num_attention_heads"},
      {"vocab_size", 1e30, "vocab_size"},
      {"max_position_embeddings", 2, "max_position_embeddings 2 leaves no room for text"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(ReadWith(c.key, c.value),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.message)));
  }
}

TEST_F(HuggingFaceConfigTest, SaysThatThereIsNoConfig) {
  std::filesystem::create_directories(directory_);
  EXPECT_THAT(ReadHuggingFaceConfig(directory_, std::nullopt),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("has no file 'config.json'")));
}

}  // namespace
}  // namespace sta
