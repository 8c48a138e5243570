// SPDX-License-Identifier: Apache-2.0
//
// FloatModel: a Hugging Face directory in memory: what it says about itself, its tokenizer, and its
// encoder in floating point.
//
//   absl::StatusOr<FloatModel> model = ReadFloatModel("minilm", std::nullopt);
//   auto tokens = TokenizeSentences(*model, {"A cat sleeps."});
//   std::vector<Vector> vectors = model->encoder.SentenceVectors(*tokens);
//
// Plain data. ReadFloatModel does file I/O.
#ifndef MODEL_STORE_CONVERT_FLOAT_MODEL_H_
#define MODEL_STORE_CONVERT_FLOAT_MODEL_H_

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/convert/float_encoder.h"
#include "model_store/convert/hugging_face_config.h"
#include "model_store/tokenizer/token_sequence.h"
#include "model_store/tokenizer/wordpiece_tokenizer.h"

namespace sta {

struct FloatModel {
  HuggingFaceConfig config;
  std::map<std::string, std::string> tokenizer_files;  // those that are there: name -> content
  std::unique_ptr<const WordPieceTokenizer> tokenizer;
  FloatEncoder encoder;
};

// `task` overrides what the files say. NOT_FOUND: no such directory or a file of it is missing;
// INVALID_ARGUMENT names the file, key or tensor that does not fit; DATA_LOSS: damaged weights.
absl::StatusOr<FloatModel> ReadFloatModel(const std::filesystem::path& directory,
                                          std::optional<Task> task);

// One sequence a sentence, cut to the model's own limit. INVALID_ARGUMENT: a sentence is no UTF-8.
absl::StatusOr<std::vector<TokenSequence>> TokenizeSentences(
    const FloatModel& model, const std::vector<std::string>& sentences);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_FLOAT_MODEL_H_
