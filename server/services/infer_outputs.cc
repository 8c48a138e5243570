// SPDX-License-Identifier: Apache-2.0
#include "server/services/infer_outputs.h"

#include <algorithm>
#include <utility>

#include "strings/str_cat.h"

namespace sta {
namespace {

OutputTensor Shaped(OutputKind kind, const ModelConfig& config, int64_t rows, int64_t longest) {
  const auto labels = static_cast<int64_t>(config.labels.size());
  switch (kind) {
    case OutputKind::kSentenceEmbedding:
      return {.kind = kind, .shape = {rows, config.hidden_size}};
    case OutputKind::kLogits:
    case OutputKind::kProbabilities:
      return {.kind = kind, .shape = {rows, labels}};
    case OutputKind::kLabel:
      return {.kind = kind, .shape = {rows}};
    case OutputKind::kLastHiddenState:
      return {.kind = kind, .shape = {rows, longest, config.hidden_size}};
  }
  return {};
}

// Row `row` of a tensor whose first dimension counts rows.
std::span<float> RowOf(OutputTensor& tensor, int64_t row) {
  const size_t row_size = tensor.floats.size() / static_cast<size_t>(tensor.shape.front());
  return std::span<float>(tensor.floats).subspan(static_cast<size_t>(row) * row_size, row_size);
}

// Bytes that the tensor takes in a reply; sizes that overflow count as too many.
bool FitsWithin(const OutputTensor& tensor, int64_t& bytes_left) {
  int64_t bytes = sizeof(float);
  for (int64_t dimension : tensor.shape) {
    if (__builtin_mul_overflow(bytes, dimension, &bytes)) return false;
  }
  if (bytes > bytes_left) return false;
  bytes_left -= bytes;
  return true;
}

}  // namespace

absl::StatusOr<InferOutputs> InferOutputs::Create(std::shared_ptr<const LoadedModel> model,
                                                  std::span<const OutputKind> kinds,
                                                  std::span<const int64_t> lengths,
                                                  int64_t max_bytes) {
  const auto rows = static_cast<int64_t>(lengths.size());
  const int64_t longest = lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
  InferOutputs outputs;
  int64_t bytes_left = max_bytes;
  for (OutputKind kind : kinds) {
    OutputTensor tensor = Shaped(kind, model->config(), rows, longest);
    if (!FitsWithin(tensor, bytes_left)) {
      return absl::ResourceExhaustedError(StrCat("the reply would be over this server's limit of ",
                                                 max_bytes, " bytes: ", rows, " rows of '",
                                                 OutputName(kind), "'; send fewer rows a request"));
    }
    outputs.tensors_.push_back(std::move(tensor));
  }
  // Only now, as every size is known to be small.
  for (OutputTensor& tensor : outputs.tensors_) {
    size_t elements = 1;
    for (int64_t dimension : tensor.shape) elements *= static_cast<size_t>(dimension);
    if (tensor.kind == OutputKind::kLabel) {
      tensor.labels.resize(elements);
    } else {
      tensor.floats.resize(elements);
    }
  }
  outputs.model_ = std::move(model);
  return outputs;
}

void InferOutputs::SetRow(int64_t row, std::span<const int16_t> encoded) {
  if (OutputTensor* embedding = Find(OutputKind::kSentenceEmbedding)) {
    model_->SentenceEmbedding(encoded, RowOf(*embedding, row));
  }
  if (OutputTensor* hidden = Find(OutputKind::kLastHiddenState)) {
    // What is after the row's own tokens stays zero.
    model_->LastHiddenState(encoded, RowOf(*hidden, row).first(encoded.size()));
  }
  SetClass(row, encoded);
}

void InferOutputs::SetClass(int64_t row, std::span<const int16_t> encoded) {
  OutputTensor* const logits = Find(OutputKind::kLogits);
  OutputTensor* const probabilities = Find(OutputKind::kProbabilities);
  OutputTensor* const label = Find(OutputKind::kLabel);
  if (logits == nullptr && probabilities == nullptr && label == nullptr) return;
  const std::vector<std::string>& names = model_->config().labels;
  std::vector<float> row_logits(names.size());
  std::vector<float> row_probabilities(names.size());
  model_->Classify(encoded, row_logits, row_probabilities);
  if (logits != nullptr) std::ranges::copy(row_logits, RowOf(*logits, row).begin());
  if (probabilities != nullptr) {
    std::ranges::copy(row_probabilities, RowOf(*probabilities, row).begin());
  }
  if (label != nullptr) {
    const auto best = std::max_element(row_logits.begin(), row_logits.end());
    label->labels[static_cast<size_t>(row)] = names[static_cast<size_t>(best - row_logits.begin())];
  }
}

OutputTensor* InferOutputs::Find(OutputKind kind) {
  const auto found = std::find_if(tensors_.begin(), tensors_.end(),
                                  [&](const OutputTensor& tensor) { return tensor.kind == kind; });
  return found == tensors_.end() ? nullptr : &*found;
}

}  // namespace sta
