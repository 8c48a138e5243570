// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "tests/support/hugging_face_directory.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kQuery[] = "bert.encoder.layer.1.attention.self.query.weight";

class CheckpointTest : public testing::Test {
 protected:
  absl::StatusOr<FloatEncoder> Read() const {
    const absl::StatusOr<Checkpoint> checkpoint = Checkpoint::Open(directory_);
    if (!checkpoint.ok()) return checkpoint.status();
    const absl::StatusOr<HuggingFaceConfig> config =
        ReadHuggingFaceConfig(directory_, std::nullopt);
    if (!config.ok()) return config.status();
    return ReadFloatEncoder(*checkpoint, *config);
  }
  absl::StatusOr<FloatEncoder> WriteAndRead(const HuggingFaceDirectory& model,
                                            const HuggingFaceDirectory::Format& format = {}) const {
    if (absl::Status written = model.Write(directory_, format); !written.ok()) return written;
    return Read();
  }
  void WriteFile(const std::string& name, const std::string& content) const {
    std::ofstream(directory_ / name, std::ios::binary) << content;
  }

  TemporaryDirectory root_;
  std::filesystem::path directory_ = root_.path() / "model";
};

// The largest difference between a tensor of the directory and a matrix that was read.
float Distance(const HuggingFaceDirectory::Tensor& tensor, const Matrix& matrix) {
  EXPECT_EQ(tensor.shape, (std::vector<int64_t>{matrix.rows(), matrix.cols()}));
  return (Eigen::Map<const Matrix>(tensor.values.data(), matrix.rows(), matrix.cols()) - matrix)
      .cwiseAbs()
      .maxCoeff();
}

TEST_F(CheckpointTest, ReadsFloat32Exactly) {
  HuggingFaceDirectory model({});
  STA_ASSERT_OK_AND_ASSIGN(const FloatEncoder encoder, WriteAndRead(model));
  ASSERT_EQ(encoder.layers.size(), 2u);
  EXPECT_EQ(Distance(model.tensors.at(kQuery), encoder.layers[1].query.weight), 0);
  EXPECT_EQ(encoder.layers[1].query.name, "encoder.layer.1.attention.self.query.weight");
  EXPECT_EQ(Distance(model.tensors.at("bert.embeddings.word_embeddings.weight"), encoder.word), 0);
  EXPECT_EQ(encoder.position.rows(), HuggingFaceDirectory::kPositions);
  EXPECT_EQ(encoder.token_type.rows(), 2);
}

TEST_F(CheckpointTest, WidensHalvesToWhatTheyStandFor) {
  HuggingFaceDirectory model({});
  HuggingFaceDirectory::Tensor& query = model.tensors.at(kQuery);
  query.values[0] = 1.5f;            // exact in both
  query.values[1] = 1.0f / 3;        // rounded
  query.values[2] = 6.103515625e-5;  // 2^-14: the smallest normal F16
  query.values[3] = 5.9604645e-8f;   // 2^-24: the smallest subnormal F16
  struct Case {
    TensorType type;
    float third;
  };
  for (const auto& [type, third] :
       {Case{TensorType::kF16, 0.333251953125f}, Case{TensorType::kBF16, 0.333984375f}}) {
    std::filesystem::remove_all(directory_);
    STA_ASSERT_OK_AND_ASSIGN(const FloatEncoder encoder, WriteAndRead(model, {.type = type}));
    const Matrix& read = encoder.layers[1].query.weight;
    EXPECT_EQ(read(0, 0), 1.5f);
    EXPECT_EQ(read(0, 1), third);
    EXPECT_EQ(read(0, 2), 6.103515625e-5f);
    EXPECT_EQ(read(0, 3), 5.9604645e-8f);
    EXPECT_LT(Distance(query, read), type == TensorType::kF16 ? 1e-3f : 1e-2f);
  }
}

TEST_F(CheckpointTest, ReadsShardsAsOneModel) {
  const HuggingFaceDirectory model({.is_classifier = true});
  STA_ASSERT_OK_AND_ASSIGN(const FloatEncoder encoder, WriteAndRead(model, {.shards = 3}));
  EXPECT_EQ(Distance(model.tensors.at(kQuery), encoder.layers[1].query.weight), 0);
  EXPECT_EQ(encoder.head.classifier_weight, model.tensors.at("classifier.weight").values);
}

TEST_F(CheckpointTest, KnowsNamesWithoutPrefixAndOldLayerNorms) {
  HuggingFaceDirectory model({.has_prefix = false});
  auto gamma = model.tensors.extract("encoder.layer.0.output.LayerNorm.weight");
  gamma.key() = "encoder.layer.0.output.LayerNorm.gamma";
  auto beta = model.tensors.extract("encoder.layer.0.output.LayerNorm.bias");
  beta.key() = "encoder.layer.0.output.LayerNorm.beta";
  const std::vector<float> values = gamma.mapped().values;
  model.tensors.insert(std::move(gamma));
  model.tensors.insert(std::move(beta));
  STA_ASSERT_OK_AND_ASSIGN(const FloatEncoder encoder, WriteAndRead(model));
  const Vector& read = encoder.layers[0].output_layer_norm.gamma;
  EXPECT_EQ(std::vector<float>(read.begin(), read.end()), values);
}

TEST_F(CheckpointTest, ReadsDistilBertAndRoberta) {
  const HuggingFaceDirectory distilbert({.model_type = "distilbert", .is_classifier = true});
  STA_ASSERT_OK_AND_ASSIGN(const FloatEncoder small, WriteAndRead(distilbert));
  EXPECT_EQ(Distance(distilbert.tensors.at("distilbert.transformer.layer.1.ffn.lin2.weight"),
                     small.layers[1].output.weight),
            0);
  EXPECT_EQ(small.layers[1].output.name, "encoder.layer.1.output.dense.weight");
  EXPECT_EQ(small.token_type.rows(), 0);
  EXPECT_TRUE(small.head.pooler_is_relu);
  EXPECT_EQ(small.head.pooler_weight, distilbert.tensors.at("pre_classifier.weight").values);

  std::filesystem::remove_all(directory_);
  const HuggingFaceDirectory roberta({.model_type = "roberta", .is_classifier = true});
  STA_ASSERT_OK_AND_ASSIGN(const FloatEncoder robust, WriteAndRead(roberta));
  EXPECT_EQ(robust.config.position_offset, 2);
  EXPECT_EQ(robust.config.max_sequence_tokens, HuggingFaceDirectory::kPositions - 2);
  EXPECT_FALSE(robust.head.pooler_is_relu);
  EXPECT_EQ(robust.head.classifier_weight, roberta.tensors.at("classifier.out_proj.weight").values);
}

TEST_F(CheckpointTest, NamesATensorThatIsMissing) {
  HuggingFaceDirectory model({});
  model.tensors.erase(kQuery);
  EXPECT_THAT(WriteAndRead(model), StatusIs(absl::StatusCode::kInvalidArgument,
                                            "the checkpoint has no tensor "
                                            "'bert.encoder.layer.1.attention.self.query.weight'"));
}

TEST_F(CheckpointTest, NamesATensorOfAnotherShape) {
  HuggingFaceDirectory model({});
  model.tensors.at(kQuery).shape = {16, 64};
  EXPECT_THAT(WriteAndRead(model),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr(kQuery), HasSubstr("has shape [16,64], the config says "
                                                          "[32,32]"))));
}

TEST_F(CheckpointTest, NamesATensorThatIsNotFinite) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::filesystem::remove_all(directory_);
    HuggingFaceDirectory model({});
    model.tensors.at(kQuery).values[77] = bad;
    EXPECT_THAT(WriteAndRead(model),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(kQuery), HasSubstr("not finite at place 77"))));
  }
}

TEST_F(CheckpointTest, RefusesOtherTypesByName) {
  ASSERT_THAT(HuggingFaceDirectory({}).Write(directory_), IsOk());
  SafetensorsWriter writer;
  const int64_t ids[] = {1, 2};
  writer.Add("ids", TensorType::kI64, {2}, std::as_bytes(std::span(ids)));
  WriteFile("model.safetensors", writer.Finish().value());
  STA_ASSERT_OK_AND_ASSIGN(const Checkpoint checkpoint, Checkpoint::Open(directory_));
  EXPECT_THAT(checkpoint.Read("ids", {2}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "tensor 'ids' is I64; allowed are F32, F16 and BF16"));
}

TEST_F(CheckpointTest, SaysWhatIsMissing) {
  ASSERT_THAT(HuggingFaceDirectory({}).Write(directory_), IsOk());
  std::filesystem::remove(directory_ / "model.safetensors");
  EXPECT_THAT(Read(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("holds neither model.safetensors nor "
                                                              "model.safetensors.index.json")));
  WriteFile("pytorch_model.bin", "x");
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kNotFound,
                               HasSubstr("save the model as safetensors first")));
}

TEST_F(CheckpointTest, RefusesBadShards) {
  ASSERT_THAT(HuggingFaceDirectory({}).Write(directory_, {.shards = 2}), IsOk());
  const auto first = directory_ / "model-1-of-2.safetensors";
  const auto second = directory_ / "model-2-of-2.safetensors";
  std::filesystem::copy_file(first, second, std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("is in two shards")));
  std::filesystem::resize_file(second, 100);
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kDataLoss));
  std::filesystem::remove(second);
  EXPECT_THAT(Read(),
              StatusIs(absl::StatusCode::kNotFound, "shard 'model-2-of-2.safetensors' is missing"));
}

TEST_F(CheckpointTest, RefusesBadIndexes) {
  ASSERT_THAT(HuggingFaceDirectory({}).Write(directory_, {.shards = 2}), IsOk());
  const auto read_with = [&](const std::string& index) {
    WriteFile("model.safetensors.index.json", index);
    return Read();
  };
  for (const char* name : {"../other.safetensors", "/etc/passwd", "..", ""}) {
    const nlohmann::json index = {{"weight_map", {{"x", name}}}};
    EXPECT_THAT(read_with(index.dump()),
                StatusIs(absl::StatusCode::kDataLoss,
                         HasSubstr("tensor 'x' names the file '" + std::string(name))));
  }
  EXPECT_THAT(read_with(R"({"weight_map": {"x": 1}})"), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(read_with("{}"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("there is no weight_map")));
  EXPECT_THAT(read_with("{"), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace sta
