// SPDX-License-Identifier: Apache-2.0
//
// ModelConfig: what a package's config.json says, checked. All that the server needs stands in our
// own `sta` section; the Hugging Face keys beside it are carried along for other tools and for
// people. The host side of a model is built from it. Plain values and pure functions.
#ifndef MODEL_STORE_PACKAGE_MODEL_CONFIG_H_
#define MODEL_STORE_PACKAGE_MODEL_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sta {

enum class Task { kSentenceEmbedding, kSequenceClassification, kLastHiddenState };
enum class Pooling { kMean, kCls };

// "sentence_embedding", "sequence_classification", "last_hidden_state".
std::string_view TaskName(Task task);
absl::StatusOr<Task> ParseTask(std::string_view name);
// "mean", "cls".
std::string_view PoolingName(Pooling pooling);
absl::StatusOr<Pooling> ParsePooling(std::string_view name);

struct ModelConfig {
  std::string model_type = "bert";  // bert, distilbert, roberta
  Task task = Task::kSentenceEmbedding;
  Pooling pooling = Pooling::kMean;  // sentence embeddings only
  bool normalize = true;             // sentence embeddings only: divide by the L2 norm
  int64_t hidden_size = 0;
  int64_t intermediate_size = 0;
  int64_t layer_count = 0;
  int64_t head_count = 0;
  int64_t vocabulary_size = 0;
  int64_t token_type_count = 0;  // 0: the model has no token types (DistilBERT)
  // Longest sequence in tokens, special tokens included: at most the position table allows.
  int64_t max_sequence_tokens = 512;
  // Text is cut to this many tokens (the tokenizer's own limit), <= max_sequence_tokens.
  int64_t text_truncation_tokens = 512;
  int64_t position_offset = 0;      // RoBERTa: 2
  std::vector<std::string> labels;  // by id; classification only

  friend bool operator==(const ModelConfig&, const ModelConfig&) = default;
};

// Reads the `sta` section of a package's config.json and checks every value. INVALID_ARGUMENT names
// the key and what is allowed.
absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view json);

// The author's config.json (a JSON object) with our `sta` section added.
absl::StatusOr<std::string> FormatModelConfig(const ModelConfig& config,
                                              std::string_view hugging_face_config);

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_MODEL_CONFIG_H_
