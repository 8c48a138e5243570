// SPDX-License-Identifier: Apache-2.0
#include "model_store/model/loaded_model.h"

#include <algorithm>
#include <string>
#include <utility>

#include "accel/program/compiler.h"
#include "model_store/model/front_end.h"
#include "model_store/model/head.h"
#include "model_store/tokenizer/wordpiece_tokenizer.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// The parts of a LoadedModel, all checked against one another.
struct Parts {
  std::shared_ptr<const Package> package;
  std::unique_ptr<const WordPieceTokenizer> tokenizer;
  std::shared_ptr<const Program> program;
  HeadParameters head;
};

class EncoderModel final : public LoadedModel {
 public:
  explicit EncoderModel(Parts parts) : parts_(std::move(parts)) {}

  const ModelConfig& config() const override { return parts_.package->config(); }
  const Manifest& manifest() const override { return parts_.package->manifest(); }
  const std::shared_ptr<const Program>& program() const override { return parts_.program; }

  absl::StatusOr<TokenSequence> Tokenize(std::string_view text,
                                         std::optional<std::string_view> pair) const override {
    absl::StatusOr<TokenSequence> tokens =
        parts_.tokenizer->Encode(text, pair, config().text_truncation_tokens);
    // A model without token types (DistilBERT) takes pairs, too; it just does not mark them.
    if (tokens.ok() && config().token_type_count < 2) tokens->types.clear();
    return tokens;
  }

  absl::Status ValidateTokens(const TokenSequence& tokens) const override;

  void Embed(const TokenSequence& tokens, std::span<int16_t> rows) const override {
    EmbedTokens(parts_.package->embeddings(), config().position_offset, tokens, rows);
  }
  absl::Status CheckIntact() const override { return parts_.package->CheckEmbeddings(); }
  bool damaged() const override { return parts_.package->embeddings_damaged(); }

  void SentenceEmbedding(std::span<const int16_t> rows, std::span<float> embedding) const override {
    PoolSentence(rows, manifest().output_step, config().pooling, config().normalize, embedding);
  }
  void Classify(std::span<const int16_t> rows, std::span<float> logits,
                std::span<float> probabilities) const override {
    ClassifySequence(parts_.head, rows, manifest().output_step, logits, probabilities);
  }
  void LastHiddenState(std::span<const int16_t> rows, std::span<float> hidden) const override {
    const double step = manifest().output_step;
    std::ranges::transform(rows, hidden.begin(),
                           [step](int16_t row) { return static_cast<float>(row * step); });
  }

 private:
  Parts parts_;
};

absl::Status EncoderModel::ValidateTokens(const TokenSequence& tokens) const {
  const auto length = std::ssize(tokens.ids);
  if (length < 1 || length > config().max_sequence_tokens) {
    return absl::InvalidArgumentError(StrCat("length ", length, " is not in 1..",
                                             config().max_sequence_tokens,
                                             ", this model's positions"));
  }
  if (!tokens.types.empty() && std::ssize(tokens.types) != length) {
    return absl::InvalidArgumentError(
        StrCat(tokens.types.size(), " token types for ", length, " tokens"));
  }
  for (size_t i = 0; i < tokens.ids.size(); ++i) {
    if (tokens.ids[i] < 0 || tokens.ids[i] >= config().vocabulary_size) {
      return absl::InvalidArgumentError(StrCat("place ", i, ": token id ", tokens.ids[i],
                                               " is not in 0..", config().vocabulary_size - 1));
    }
  }
  const int64_t highest_type = std::max<int64_t>(0, config().token_type_count - 1);
  for (size_t i = 0; i < tokens.types.size(); ++i) {
    if (tokens.types[i] > highest_type) {
      return absl::InvalidArgumentError(StrCat("place ", i, ": token type ",
                                               static_cast<int>(tokens.types[i]), " is not in 0..",
                                               highest_type));
    }
  }
  return absl::OkStatus();
}

absl::Status InContext(std::string_view context, const absl::Status& status) {
  return absl::Status(status.code(), AbslView(StrCat(context, ": ", status.message())));
}

absl::StatusOr<std::unique_ptr<const WordPieceTokenizer>> LoadTokenizer(const Package& package) {
  TokenizerFiles files;
  for (const auto& [name, out] :
       {std::pair{"vocab.txt", &files.vocab_txt},
        std::pair{"tokenizer.json", &files.tokenizer_json},
        std::pair{"tokenizer_config.json", &files.tokenizer_config_json},
        std::pair{"special_tokens_map.json", &files.special_tokens_map_json}}) {
    absl::StatusOr<std::string> content = package.ReadTextFile(name);
    if (content.ok()) {
      *out = *std::move(content);
    } else if (!absl::IsNotFound(content.status())) {
      return content.status();
    }
  }
  return WordPieceTokenizer::FromFiles(files);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const LoadedModel>> LoadedModel::Load(
    std::shared_ptr<const Package> package) {
  if (package->kind() != PackageKind::kEncoder) {
    return absl::FailedPreconditionError("the package is a diagnostic model: it has no encoder");
  }
  Parts parts;
  absl::StatusOr<std::unique_ptr<const WordPieceTokenizer>> tokenizer = LoadTokenizer(*package);
  if (!tokenizer.ok()) return InContext("tokenizer", tokenizer.status());
  parts.tokenizer = *std::move(tokenizer);
  if (parts.tokenizer->vocabulary_size() > package->config().vocabulary_size) {
    return absl::DataLossError(StrCat("the tokenizer knows ", parts.tokenizer->vocabulary_size(),
                                      " tokens, the word table has ",
                                      package->config().vocabulary_size, " rows"));
  }
  absl::StatusOr<EncoderParameters> encoder = package->ReadEncoder();
  if (!encoder.ok()) return encoder.status();
  absl::StatusOr<std::shared_ptr<const Program>> program = CompileProgram(*std::move(encoder));
  if (!program.ok()) return absl::DataLossError(program.status().message());
  parts.program = *std::move(program);
  absl::StatusOr<HeadParameters> head = package->ReadHead();
  if (!head.ok()) return head.status();
  parts.head = *std::move(head);
  parts.package = std::move(package);
  return std::make_shared<const EncoderModel>(std::move(parts));
}

}  // namespace sta
