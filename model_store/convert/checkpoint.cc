// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/checkpoint.h"

#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "model_store/convert/float_tensor.h"
#include "model_store/json/strict_json.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr std::string_view kWhole = "model.safetensors";
constexpr std::string_view kIndex = "model.safetensors.index.json";

// The shard files that an index names, each a plain file name of the directory.
absl::StatusOr<std::set<std::string>> ReadShardNames(const std::filesystem::path& directory) {
  const absl::StatusOr<std::string> text = ReadModelFile(directory, kIndex);
  if (!text.ok()) return text.status();
  const absl::StatusOr<nlohmann::json> json = ParseStrictJson(*text);
  if (!json.ok()) return absl::DataLossError(StrCat(kIndex, ": ", json.status().message()));
  const bool has_map =
      json->is_object() && json->contains("weight_map") && (*json)["weight_map"].is_object();
  if (!has_map) return absl::DataLossError(StrCat(kIndex, ": there is no weight_map"));
  std::set<std::string> names;
  for (const auto& [tensor, shard] : (*json)["weight_map"].items()) {
    const std::string name = shard.is_string() ? shard.get<std::string>() : "";
    if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos) {
      return absl::DataLossError(
          StrCat(kIndex, ": tensor '", tensor, "' names the file '", name, "'"));
    }
    names.insert(name);
  }
  return names;
}

absl::Status NoWeights(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::exists(directory / "pytorch_model.bin", error)) {
    return absl::NotFoundError(StrCat("'", directory.string(),
                                      "' holds pytorch_model.bin only; "
                                      "save the model as safetensors first"));
  }
  return absl::NotFoundError(
      StrCat("'", directory.string(), "' holds neither ", kWhole, " nor ", kIndex));
}

// Reads tensors under their names in one family of checkpoints; keeps the first error.
class TensorReader {
 public:
  TensorReader(const Checkpoint& checkpoint, std::string prefix)
      : checkpoint_(checkpoint), prefix_(std::move(prefix)) {}

  Matrix ReadMatrix(const std::string& name, int64_t rows, int64_t columns) {
    const std::vector<float> values = Read(prefix_ + name, {rows, columns});
    return values.empty() ? Matrix()
                          : Matrix(Eigen::Map<const Matrix>(values.data(), rows, columns));
  }
  Vector ReadVector(const std::string& name, int64_t size) {
    const std::vector<float> values = Read(prefix_ + name, {size});
    return values.empty() ? Vector() : Vector(Eigen::Map<const Vector>(values.data(), size));
  }
  // Without the prefix: heads stand beside the encoder.
  std::vector<float> Read(const std::string& name, const std::vector<int64_t>& shape) {
    if (!status_.ok()) return {};
    absl::StatusOr<std::vector<float>> values = checkpoint_.Read(name, shape);
    status_.Update(values.status());
    return values.ok() ? *std::move(values) : std::vector<float>();
  }

  FloatLinear ReadLinear(const std::string& name, std::string package_name, int64_t rows,
                         int64_t columns) {
    return {.name = std::move(package_name),
            .weight = ReadMatrix(name + ".weight", rows, columns),
            .bias = ReadVector(name + ".bias", rows)};
  }
  FloatLayerNorm ReadLayerNorm(const std::string& name, int64_t size) {
    // Checkpoints converted from TensorFlow call the two gamma and beta.
    const bool is_old = checkpoint_.Contains(prefix_ + name + ".gamma");
    return {.gamma = ReadVector(name + (is_old ? ".gamma" : ".weight"), size),
            .beta = ReadVector(name + (is_old ? ".beta" : ".bias"), size)};
  }

  const std::string& prefix() const { return prefix_; }
  const absl::Status& status() const { return status_; }

 private:
  const Checkpoint& checkpoint_;
  std::string prefix_;
  absl::Status status_;
};

// Names inside a layer, by family.
struct LayerNames {
  std::string_view layer;  // before the number
  std::string_view query, key, value, attention_output, attention_layer_norm, intermediate, output,
      output_layer_norm;
};
constexpr LayerNames kBertNames = {
    "encoder.layer.",       "attention.self.query",   "attention.self.key",
    "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
    "intermediate.dense",   "output.dense",           "output.LayerNorm"};
constexpr LayerNames kDistilBertNames = {
    "transformer.layer.", "attention.q_lin",   "attention.k_lin",
    "attention.v_lin",    "attention.out_lin", "sa_layer_norm",
    "ffn.lin1",           "ffn.lin2",          "output_layer_norm"};

FloatLayer ReadLayer(TensorReader& reader, const LayerNames& names, int64_t index,
                     const ModelConfig& config) {
  const int64_t hidden = config.hidden_size;
  const int64_t intermediate = config.intermediate_size;
  const std::string from = StrCat(names.layer, index, ".");
  const auto linear = [&](std::string_view name, std::string_view package_name, int64_t rows,
                          int64_t columns) {
    return reader.ReadLinear(StrCat(from, name),
                             StrCat("encoder.layer.", index, ".", package_name, ".weight"), rows,
                             columns);
  };
  FloatLayer layer;
  layer.query = linear(names.query, kBertNames.query, hidden, hidden);
  layer.key = linear(names.key, kBertNames.key, hidden, hidden);
  layer.value = linear(names.value, kBertNames.value, hidden, hidden);
  layer.attention_output =
      linear(names.attention_output, kBertNames.attention_output, hidden, hidden);
  layer.intermediate = linear(names.intermediate, kBertNames.intermediate, intermediate, hidden);
  layer.output = linear(names.output, kBertNames.output, hidden, intermediate);
  layer.attention_layer_norm =
      reader.ReadLayerNorm(StrCat(from, names.attention_layer_norm), hidden);
  layer.output_layer_norm = reader.ReadLayerNorm(StrCat(from, names.output_layer_norm), hidden);
  return layer;
}

HeadParameters ReadHead(TensorReader& reader, const ModelConfig& config) {
  HeadParameters head;
  if (config.task != Task::kSequenceClassification) return head;
  const int64_t hidden = config.hidden_size;
  const auto labels = std::ssize(config.labels);
  // BERT: pooler (inside the encoder) and classifier; RoBERTa: classifier.dense and
  // classifier.out_proj; DistilBERT: pre_classifier with ReLU and classifier.
  std::string pooler = reader.prefix() + "pooler.dense";
  std::string classifier = "classifier";
  if (config.model_type == "distilbert") pooler = "pre_classifier";
  if (config.model_type == "roberta") {
    pooler = "classifier.dense";
    classifier = "classifier.out_proj";
  }
  head.pooler_is_relu = config.model_type == "distilbert";
  head.pooler_weight = reader.Read(pooler + ".weight", {hidden, hidden});
  head.pooler_bias = reader.Read(pooler + ".bias", {hidden});
  head.classifier_weight = reader.Read(classifier + ".weight", {labels, hidden});
  head.classifier_bias = reader.Read(classifier + ".bias", {labels});
  return head;
}

}  // namespace

absl::StatusOr<Checkpoint> Checkpoint::Open(const std::filesystem::path& directory) {
  std::set<std::string> names = {std::string(kWhole)};
  std::error_code error;
  if (!std::filesystem::exists(directory / kWhole, error)) {
    absl::StatusOr<std::set<std::string>> shards = ReadShardNames(directory);
    if (absl::IsNotFound(shards.status())) return NoWeights(directory);
    if (!shards.ok()) return shards.status();
    names = *std::move(shards);
  }
  Checkpoint checkpoint;
  for (const std::string& name : names) {
    // A hub's cache is made of links; canonical() follows them.
    const std::filesystem::path path = std::filesystem::canonical(directory / name, error);
    if (error) return absl::NotFoundError(StrCat("shard '", name, "' is missing"));
    absl::StatusOr<std::unique_ptr<const SafetensorsFile>> file = SafetensorsFile::Open(path);
    if (!file.ok()) return file.status();
    for (const auto& [tensor, view] : (*file)->tensors()) {
      if (!checkpoint.tensors_.emplace(tensor, view).second) {
        return absl::DataLossError(StrCat("tensor '", tensor, "' is in two shards"));
      }
    }
    checkpoint.files_.push_back(*std::move(file));
  }
  return checkpoint;
}

absl::StatusOr<std::vector<float>> Checkpoint::Read(std::string_view name,
                                                    const std::vector<int64_t>& shape) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    return absl::InvalidArgumentError(StrCat("the checkpoint has no tensor '", name, "'"));
  }
  if (found->second.shape != shape) {
    return absl::InvalidArgumentError(
        StrCat("tensor '", name, "' has shape [", absl::StrJoin(found->second.shape, ","),
               "], the config says [", absl::StrJoin(shape, ","), "]"));
  }
  absl::StatusOr<std::vector<float>> values = ToFloats(name, found->second);
  for (const std::unique_ptr<const SafetensorsFile>& file : files_) {
    if (absl::Status intact = file->CheckIntact(); !intact.ok()) return intact;
  }
  return values;
}

absl::StatusOr<FloatEncoder> ReadFloatEncoder(const Checkpoint& checkpoint,
                                              const HuggingFaceConfig& config) {
  const std::string own_prefix = config.config.model_type + ".";
  const bool has_prefix = checkpoint.Contains(own_prefix + "embeddings.word_embeddings.weight");
  TensorReader reader(checkpoint, has_prefix ? own_prefix : "");
  const LayerNames& names =
      config.config.model_type == "distilbert" ? kDistilBertNames : kBertNames;

  FloatEncoder encoder;
  encoder.config = config.config;
  encoder.layer_norm_epsilon = config.layer_norm_epsilon;
  const int64_t hidden = config.config.hidden_size;
  encoder.word =
      reader.ReadMatrix("embeddings.word_embeddings.weight", config.config.vocabulary_size, hidden);
  encoder.position =
      reader.ReadMatrix("embeddings.position_embeddings.weight",
                        config.config.max_sequence_tokens + config.config.position_offset, hidden);
  if (config.config.token_type_count > 0) {
    encoder.token_type = reader.ReadMatrix("embeddings.token_type_embeddings.weight",
                                           config.config.token_type_count, hidden);
  }
  encoder.embedding_layer_norm = reader.ReadLayerNorm("embeddings.LayerNorm", hidden);
  for (int64_t i = 0; i < config.config.layer_count && reader.status().ok(); ++i) {
    encoder.layers.push_back(ReadLayer(reader, names, i, config.config));
  }
  encoder.head = ReadHead(reader, config.config);
  if (!reader.status().ok()) return reader.status();
  return encoder;
}

}  // namespace sta
