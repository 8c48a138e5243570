// SPDX-License-Identifier: Apache-2.0
//
// Hugging Face directories of tiny random encoders, for tests of the converter.
//
//   HuggingFaceDirectory model({.model_type = "distilbert"});
//   model.config["activation"] = "relu";            // change what the test is about
//   model.tensors.erase("distilbert.embeddings.LayerNorm.bias");
//   model.files["modules.json"] = "...";
//   ASSERT_THAT(model.Write(directory, {.type = TensorType::kBF16, .shards = 3}), IsOk());
//
// Deterministic in its options.
#ifndef TESTS_SUPPORT_HUGGING_FACE_DIRECTORY_H_
#define TESTS_SUPPORT_HUGGING_FACE_DIRECTORY_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model_store/codec/pattern.h"
#include "model_store/package/safetensors.h"

namespace sta {

struct HuggingFaceOptions {
  uint64_t seed = 1;
  std::string model_type = "bert";   // bert, distilbert, roberta
  bool is_classifier = false;        // with a head for three labels
  bool has_prefix = true;            // tensors are called bert.encoder..., not encoder...
  Pattern zeros = Pattern::Dense();  // that every matrix of the layers fits
};

class HuggingFaceDirectory {
 public:
  static constexpr int64_t kHidden = 32;
  static constexpr int64_t kIntermediate = 64;
  static constexpr int64_t kLayers = 2;
  static constexpr int64_t kPositions = 40;

  struct Tensor {
    std::vector<int64_t> shape;
    std::vector<float> values;
  };
  struct Format {
    TensorType type = TensorType::kF32;  // or kF16, kBF16
    int shards = 1;                      // more than one: with an index
  };

  // With TinyVocabulary as vocab.txt.
  explicit HuggingFaceDirectory(const HuggingFaceOptions& options);

  // Makes `directory`, which must not exist.
  absl::Status Write(const std::filesystem::path& directory, const Format& format) const;
  absl::Status Write(const std::filesystem::path& directory) const { return Write(directory, {}); }

  nlohmann::json config;
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> files;  // others than config.json and the weights

 private:
  void AddTensor(const std::string& name, std::vector<int64_t> shape, float mean, float spread);
  void AddLinear(const std::string& name, int64_t rows, int64_t columns);
  void AddPruned(const std::string& name, int64_t rows, int64_t columns);
  void AddLayerNorm(const std::string& name);
  void AddLayer(const std::string& prefix, bool is_distilbert);
  void AddHead(const std::string& prefix);
  void AddConfig();

  HuggingFaceOptions options_;
};

// Sentences of TinyVocabulary's words, one a line.
std::string TinySentences(int count, uint64_t seed);

}  // namespace sta

#endif  // TESTS_SUPPORT_HUGGING_FACE_DIRECTORY_H_
