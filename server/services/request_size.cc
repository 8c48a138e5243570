// SPDX-License-Identifier: Apache-2.0
#include "server/services/request_size.h"

#include <algorithm>

namespace sta {
namespace {

// Numbers in messages are as short as they can be; in memory they take up to 8 bytes.
constexpr int64_t kParsedBytesPerByte = 4;
// The reply, and the tensor that it is written from.
constexpr int64_t kCopiesOfOutput = 2;
constexpr int64_t kLabelBytes = 64;
// The first and the last token of every text.
constexpr int64_t kLeastTokensOfText = 2;
// English has about four letters and a space a token.
constexpr int64_t kTextBytesPerToken = 5;

int64_t OutputBytes(OutputKind kind, const ModelConfig& config, int64_t rows, int64_t longest) {
  switch (kind) {
    case OutputKind::kSentenceEmbedding:
      return rows * config.hidden_size * static_cast<int64_t>(sizeof(float));
    case OutputKind::kLogits:
    case OutputKind::kProbabilities:
      return rows * std::ssize(config.labels) * static_cast<int64_t>(sizeof(float));
    case OutputKind::kLabel:
      return rows * kLabelBytes;
    case OutputKind::kLastHiddenState:
      break;
  }
  return rows * longest * config.hidden_size * static_cast<int64_t>(sizeof(float));
}

}  // namespace

int64_t RequestBytes(const inference::ModelInferRequest& request) {
  int64_t raw_bytes = 0;
  for (const auto& raw : request.raw_input_contents()) raw_bytes += std::ssize(raw);
  const auto all_bytes = static_cast<int64_t>(request.ByteSizeLong());
  return raw_bytes + kParsedBytesPerByte * (all_bytes - raw_bytes);
}

int64_t AnswerBytes(const ModelConfig& config, std::span<const OutputKind> outputs,
                    std::span<const TokenSequence> sequences) {
  int64_t tokens = 0;
  int64_t longest = 0;
  for (const TokenSequence& sequence : sequences) {
    tokens += std::ssize(sequence.ids);
    longest = std::max<int64_t>(longest, std::ssize(sequence.ids));
  }
  int64_t bytes = tokens * (2 * static_cast<int64_t>(sizeof(int32_t)) +
                            config.hidden_size * static_cast<int64_t>(sizeof(int16_t)));
  for (const OutputKind kind : outputs) {
    bytes += kCopiesOfOutput * OutputBytes(kind, config, std::ssize(sequences), longest);
  }
  return bytes;
}

TextSize SizeOf(const ModelConfig& config, std::span<const TextRow> texts) {
  TextSize size;
  for (const TextRow& row : texts) {
    const int64_t bytes = std::ssize(row.text) + (row.pair.has_value() ? std::ssize(*row.pair) : 0);
    size.bytes += bytes;
    size.least_tokens += kLeastTokensOfText;
    size.about_tokens +=
        std::min(config.max_sequence_tokens, kLeastTokensOfText + bytes / kTextBytesPerToken);
  }
  return size;
}

}  // namespace sta
