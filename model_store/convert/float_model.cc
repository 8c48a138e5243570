// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/float_model.h"

#include <system_error>
#include <utility>

#include "model_store/convert/checkpoint.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr const char* kTokenizerFiles[] = {"vocab.txt", "tokenizer.json", "tokenizer_config.json",
                                           "special_tokens_map.json"};

absl::Status ReadTokenizer(const std::filesystem::path& directory, FloatModel& model) {
  TokenizerFiles files;
  std::string* const places[] = {&files.vocab_txt, &files.tokenizer_json,
                                 &files.tokenizer_config_json, &files.special_tokens_map_json};
  for (size_t i = 0; i < std::size(kTokenizerFiles); ++i) {
    absl::StatusOr<std::string> content = ReadModelFile(directory, kTokenizerFiles[i]);
    if (content.ok()) {
      *places[i] = *content;
      model.tokenizer_files[kTokenizerFiles[i]] = *std::move(content);
    } else if (!absl::IsNotFound(content.status())) {
      return content.status();
    }
  }
  absl::StatusOr<std::unique_ptr<const WordPieceTokenizer>> tokenizer =
      WordPieceTokenizer::FromFiles(files);
  if (!tokenizer.ok()) return tokenizer.status();
  const int64_t vocabulary_size = model.config.config.vocabulary_size;
  if ((*tokenizer)->vocabulary_size() > vocabulary_size) {
    return absl::InvalidArgumentError(
        StrCat("the tokenizer knows ", (*tokenizer)->vocabulary_size(),
               " tokens, config.json's vocab_size is ", vocabulary_size));
  }
  model.tokenizer = *std::move(tokenizer);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FloatModel> ReadFloatModel(const std::filesystem::path& directory,
                                          std::optional<Task> task) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    return absl::NotFoundError(
        StrCat("model directory '", directory.string(), "' is no directory"));
  }
  FloatModel model;
  absl::StatusOr<HuggingFaceConfig> config = ReadHuggingFaceConfig(directory, task);
  if (!config.ok()) return config.status();
  model.config = *std::move(config);
  if (absl::Status tokenizer = ReadTokenizer(directory, model); !tokenizer.ok()) return tokenizer;
  const absl::StatusOr<Checkpoint> checkpoint = Checkpoint::Open(directory);
  if (!checkpoint.ok()) return checkpoint.status();
  absl::StatusOr<FloatEncoder> encoder = ReadFloatEncoder(*checkpoint, model.config);
  if (!encoder.ok()) return encoder.status();
  model.encoder = *std::move(encoder);
  return model;
}

absl::StatusOr<std::vector<TokenSequence>> TokenizeSentences(
    const FloatModel& model, const std::vector<std::string>& sentences) {
  std::vector<TokenSequence> sequences;
  for (const std::string& sentence : sentences) {
    absl::StatusOr<TokenSequence> tokens =
        model.tokenizer->Encode(sentence, std::nullopt, model.config.config.text_truncation_tokens);
    if (!tokens.ok()) {
      return absl::InvalidArgumentError(
          StrCat("sentence ", sequences.size() + 1, ": ", tokens.status().message()));
    }
    sequences.push_back(*std::move(tokens));
  }
  return sequences;
}

}  // namespace sta
