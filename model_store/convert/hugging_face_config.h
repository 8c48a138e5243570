// SPDX-License-Identifier: Apache-2.0
//
// What a Hugging Face directory says about a model, short of its weights: config.json,
// tokenizer_config.json's limit and sentence-transformers' modules, as a ModelConfig.
// File I/O; thread-safe.
#ifndef MODEL_STORE_CONVERT_HUGGING_FACE_CONFIG_H_
#define MODEL_STORE_CONVERT_HUGGING_FACE_CONFIG_H_

#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "model_store/package/model_config.h"

namespace sta {

struct HuggingFaceConfig {
  ModelConfig config;
  float layer_norm_epsilon = 1e-12f;
  std::string config_json;  // as it stands in the directory
};

// `task` overrides what the files say. NOT_FOUND: no config.json; INVALID_ARGUMENT names a key
// whose value is missing or not supported, and what is.
absl::StatusOr<HuggingFaceConfig> ReadHuggingFaceConfig(const std::filesystem::path& directory,
                                                        std::optional<Task> task);

// Reads a whole file of the directory, following links (a hub's cache is made of them). NOT_FOUND
// where it is absent; INVALID_ARGUMENT over 64 MiB.
absl::StatusOr<std::string> ReadModelFile(const std::filesystem::path& directory,
                                          std::string_view name);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_HUGGING_FACE_CONFIG_H_
