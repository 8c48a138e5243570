// SPDX-License-Identifier: Apache-2.0
#include "tests/support/hugging_face_directory.h"

#include <Eigen/Core>
#include <fstream>
#include <functional>
#include <random>
#include <span>

#include "strings/str_cat.h"
#include "tests/support/tiny_package.h"

namespace sta {
namespace {

template <typename T>
std::vector<T> Narrow(const std::vector<float>& values) {
  std::vector<T> narrow;
  for (const float value : values) narrow.push_back(static_cast<T>(value));
  return narrow;
}

void AddTo(SafetensorsWriter& writer, const std::string& name,
           const HuggingFaceDirectory::Tensor& tensor, TensorType type) {
  const auto add = [&](const auto& values) {
    writer.Add(name, type, tensor.shape, std::as_bytes(std::span(values)));
  };
  if (type == TensorType::kF16) {
    add(Narrow<Eigen::half>(tensor.values));
  } else if (type == TensorType::kBF16) {
    add(Narrow<Eigen::bfloat16>(tensor.values));
  } else {
    add(tensor.values);
  }
}

absl::Status WriteFile(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << content;
  return file ? absl::OkStatus() : absl::InternalError(StrCat("cannot write ", path.string()));
}

std::string ShardName(int shard, int shards) {
  return shards == 1 ? "model.safetensors"
                     : StrCat("model-", shard + 1, "-of-", shards, ".safetensors");
}

// A seed of its own for every tensor, whatever others there are.
uint64_t SeedOf(uint64_t seed, std::string_view name) {
  uint64_t hash = seed ^ 0xCBF29CE484222325U;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash;
}

}  // namespace

HuggingFaceDirectory::HuggingFaceDirectory(const HuggingFaceOptions& options) : options_(options) {
  const bool is_distilbert = options.model_type == "distilbert";
  const std::string prefix = options.has_prefix ? options.model_type + "." : "";
  const auto vocabulary = std::ssize(TinyVocabulary());
  AddTensor(prefix + "embeddings.word_embeddings.weight", {vocabulary, kHidden}, 0, 1);
  AddTensor(prefix + "embeddings.position_embeddings.weight", {kPositions, kHidden}, 0, 0.3f);
  if (!is_distilbert) {
    AddTensor(prefix + "embeddings.token_type_embeddings.weight", {2, kHidden}, 0, 0.3f);
  }
  AddLayerNorm(prefix + "embeddings.LayerNorm");
  for (int64_t i = 0; i < kLayers; ++i) {
    AddLayer(StrCat(prefix, is_distilbert ? "transformer" : "encoder", ".layer.", i, "."),
             is_distilbert);
  }
  if (options.is_classifier) AddHead(prefix);
  AddConfig();
  std::string& vocab_txt = files["vocab.txt"];
  for (const std::string& word : TinyVocabulary()) vocab_txt += word + "\n";
}

void HuggingFaceDirectory::AddTensor(const std::string& name, std::vector<int64_t> shape,
                                     float mean, float spread) {
  Tensor tensor = {.shape = std::move(shape), .values = {}};
  int64_t count = 1;
  for (const int64_t side : tensor.shape) count *= side;
  std::mt19937_64 engine(SeedOf(options_.seed, name));
  std::normal_distribution<float> normal(mean, spread);
  for (int64_t i = 0; i < count; ++i) tensor.values.push_back(normal(engine));
  tensors[name] = std::move(tensor);
}

void HuggingFaceDirectory::AddLinear(const std::string& name, int64_t rows, int64_t columns) {
  AddTensor(name + ".weight", {rows, columns}, 0, 0.2f);
  AddTensor(name + ".bias", {rows}, 0, 0.1f);
}

// Every group of m columns keeps n; which ones moves on from group to group.
void HuggingFaceDirectory::AddPruned(const std::string& name, int64_t rows, int64_t columns) {
  AddLinear(name, rows, columns);
  const auto [n, m] = options_.zeros;
  if (options_.zeros.IsDense()) return;
  std::vector<float>& values = tensors[name + ".weight"].values;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto place = static_cast<int64_t>(i) % columns;
    const auto shifted = (place % m + place / m + static_cast<int64_t>(i) / columns) % m;
    if (shifted >= n) values[i] = 0.0f;
  }
}

void HuggingFaceDirectory::AddLayerNorm(const std::string& name) {
  AddTensor(name + ".weight", {kHidden}, 1, 0.1f);
  AddTensor(name + ".bias", {kHidden}, 0, 0.1f);
}

void HuggingFaceDirectory::AddLayer(const std::string& prefix, bool is_distilbert) {
  const std::array<const char*, 4> bert = {"attention.self.query", "attention.self.key",
                                           "attention.self.value", "attention.output.dense"};
  const std::array<const char*, 4> distilbert = {"attention.q_lin", "attention.k_lin",
                                                 "attention.v_lin", "attention.out_lin"};
  for (const char* name : is_distilbert ? distilbert : bert) {
    AddPruned(prefix + name, kHidden, kHidden);
  }
  AddLayerNorm(prefix + (is_distilbert ? "sa_layer_norm" : "attention.output.LayerNorm"));
  AddPruned(prefix + (is_distilbert ? "ffn.lin1" : "intermediate.dense"), kIntermediate, kHidden);
  AddPruned(prefix + (is_distilbert ? "ffn.lin2" : "output.dense"), kHidden, kIntermediate);
  AddLayerNorm(prefix + (is_distilbert ? "output_layer_norm" : "output.LayerNorm"));
}

void HuggingFaceDirectory::AddHead(const std::string& prefix) {
  if (options_.model_type == "roberta") {
    AddLinear("classifier.dense", kHidden, kHidden);
    AddLinear("classifier.out_proj", 3, kHidden);
    return;
  }
  AddLinear(options_.model_type == "bert" ? prefix + "pooler.dense" : "pre_classifier", kHidden,
            kHidden);
  AddLinear("classifier", 3, kHidden);
}

void HuggingFaceDirectory::AddConfig() {
  const bool is_distilbert = options_.model_type == "distilbert";
  const auto key = [&](const char* bert, const char* distilbert) {
    return is_distilbert ? distilbert : bert;
  };
  config = {{"model_type", options_.model_type},
            {"vocab_size", TinyVocabulary().size()},
            {"max_position_embeddings", kPositions},
            {key("hidden_size", "dim"), kHidden},
            {key("intermediate_size", "hidden_dim"), kIntermediate},
            {key("num_hidden_layers", "n_layers"), kLayers},
            {key("num_attention_heads", "n_heads"), 2},
            {key("hidden_act", "activation"), "gelu"}};
  if (!is_distilbert) config["type_vocab_size"] = 2;
  if (options_.is_classifier) {
    config["architectures"] = {"TinyForSequenceClassification"};
    config["id2label"] = {{"0", "bad"}, {"1", "so-so"}, {"2", "good"}};
  }
}

absl::Status HuggingFaceDirectory::Write(const std::filesystem::path& directory,
                                         const Format& format) const {
  absl::Status status = WriteFile(directory / "config.json", config.dump());
  for (const auto& [name, content] : files) status.Update(WriteFile(directory / name, content));
  std::vector<SafetensorsWriter> writers(static_cast<size_t>(format.shards));
  nlohmann::json index;
  int next = 0;
  for (const auto& [name, tensor] : tensors) {
    AddTo(writers[static_cast<size_t>(next)], name, tensor, format.type);
    index["weight_map"][name] = ShardName(next, format.shards);
    next = (next + 1) % format.shards;
  }
  for (int i = 0; i < format.shards; ++i) {
    const absl::StatusOr<std::string> content = writers[static_cast<size_t>(i)].Finish();
    if (!content.ok()) return content.status();
    status.Update(WriteFile(directory / ShardName(i, format.shards), *content));
  }
  if (format.shards > 1) {
    status.Update(WriteFile(directory / "model.safetensors.index.json", index.dump()));
  }
  return status;
}

std::string TinySentences(int count, uint64_t seed) {
  constexpr const char* kWords[] = {"the", "a",    "cat",   "dog",   "sat",  "on", "mat", "good",
                                    "bad", "film", "hello", "world", "dogs", "x1", ",",   "!"};
  std::mt19937_64 engine(seed);
  std::string text;
  for (int i = 0; i < count; ++i) {
    const uint64_t words = 3 + engine() % 12;
    for (uint64_t word = 0; word < words; ++word) {
      StrAppend(&text, word == 0 ? "" : " ", kWords[engine() % std::size(kWords)]);
    }
    text += "\n";
  }
  return text;
}

}  // namespace sta
