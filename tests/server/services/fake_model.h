// SPDX-License-Identifier: Apache-2.0
//
// FakeModel: a LoadedModel whose numbers a test can work out in its head. A token is a byte of the
// text (its value is the id); a row of hidden values is the id, `hidden_size` times. The sentence
// embedding is the sum of the rows; logit k is k times the sum of the first column.
#ifndef TESTS_SERVER_SERVICES_FAKE_MODEL_H_
#define TESTS_SERVER_SERVICES_FAKE_MODEL_H_

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "model_store/model/loaded_model.h"

namespace sta {

class FakeModel : public LoadedModel {
 public:
  explicit FakeModel(ModelConfig config) : config_(std::move(config)) {}

  const ModelConfig& config() const override { return config_; }
  const Manifest& manifest() const override { return manifest_; }
  const std::shared_ptr<const Program>& program() const override { return program_; }

  absl::StatusOr<TokenSequence> Tokenize(std::string_view text,
                                         std::optional<std::string_view> pair) const override {
    TokenSequence tokens;
    for (char c : text) tokens.ids.push_back(static_cast<unsigned char>(c));
    return tokens;
  }

  absl::Status ValidateTokens(const TokenSequence& tokens) const override {
    return absl::OkStatus();
  }

  void Embed(const TokenSequence& tokens, std::span<int16_t> rows) const override {
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i] = static_cast<int16_t>(tokens.ids[i / static_cast<size_t>(config_.hidden_size)]);
    }
  }

  void SentenceEmbedding(std::span<const int16_t> rows, std::span<float> embedding) const override {
    std::ranges::fill(embedding, 0.0F);
    for (size_t i = 0; i < rows.size(); ++i) {
      embedding[i % embedding.size()] += static_cast<float>(rows[i]);
    }
  }

  void Classify(std::span<const int16_t> rows, std::span<float> logits,
                std::span<float> probabilities) const override {
    const auto columns = static_cast<size_t>(config_.hidden_size);
    float sum = 0.0F;
    for (size_t i = 0; i < rows.size(); i += columns) sum += static_cast<float>(rows[i]);
    for (size_t k = 0; k < logits.size(); ++k) {
      logits[k] = static_cast<float>(k) * sum;
      probabilities[k] = 1.0F / static_cast<float>(k + 1);
    }
  }

  void LastHiddenState(std::span<const int16_t> rows, std::span<float> hidden) const override {
    std::ranges::copy(rows, hidden.begin());
  }

 private:
  ModelConfig config_;
  Manifest manifest_;
  std::shared_ptr<const Program> program_;
};

}  // namespace sta

#endif  // TESTS_SERVER_SERVICES_FAKE_MODEL_H_
