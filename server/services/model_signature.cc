// SPDX-License-Identifier: Apache-2.0
#include "server/services/model_signature.h"

#include <algorithm>
#include <utility>

namespace sta {
namespace {

TensorSpec OutputSpec(OutputKind kind, const ModelConfig& config) {
  const auto labels = static_cast<int64_t>(config.labels.size());
  const std::string name(OutputName(kind));
  switch (kind) {
    case OutputKind::kSentenceEmbedding:
      return {name, "FP32", {-1, config.hidden_size}};
    case OutputKind::kLogits:
    case OutputKind::kProbabilities:
      return {name, "FP32", {-1, labels}};
    case OutputKind::kLabel:
      return {name, "BYTES", {-1}};
    case OutputKind::kLastHiddenState:
      return {name, "FP32", {-1, -1, config.hidden_size}};
  }
  return {};
}

}  // namespace

std::string_view OutputName(OutputKind kind) {
  switch (kind) {
    case OutputKind::kSentenceEmbedding:
      return "sentence_embedding";
    case OutputKind::kLogits:
      return "logits";
    case OutputKind::kProbabilities:
      return "probabilities";
    case OutputKind::kLabel:
      return "label";
    case OutputKind::kLastHiddenState:
      return "last_hidden_state";
  }
  return "";
}

std::vector<OutputKind> DefaultOutputs(Task task) {
  switch (task) {
    case Task::kSentenceEmbedding:
      return {OutputKind::kSentenceEmbedding};
    case Task::kSequenceClassification:
      return {OutputKind::kLogits, OutputKind::kProbabilities, OutputKind::kLabel};
    case Task::kLastHiddenState:
      return {OutputKind::kLastHiddenState};
  }
  return {};
}

std::vector<OutputKind> OfferedOutputs(Task task) {
  std::vector<OutputKind> outputs = DefaultOutputs(task);
  if (task != Task::kLastHiddenState) outputs.push_back(OutputKind::kLastHiddenState);
  return outputs;
}

std::optional<OutputKind> FindOutput(Task task, std::string_view name) {
  const std::vector<OutputKind> outputs = OfferedOutputs(task);
  const auto found = std::find_if(outputs.begin(), outputs.end(),
                                  [&](OutputKind kind) { return OutputName(kind) == name; });
  return found == outputs.end() ? std::nullopt : std::optional<OutputKind>(*found);
}

std::vector<TensorSpec> InputSpecs(const ModelConfig& config) {
  // Texts are taken without the second dimension, too. It is told because perf_analyzer cannot send
  // tensors that have rows and nothing else.
  std::vector<TensorSpec> inputs = {{std::string(kTextInput), "BYTES", {-1, 1}},
                                    {std::string(kTextPairInput), "BYTES", {-1, 1}},
                                    {std::string(kInputIdsInput), "INT64", {-1, -1}},
                                    {std::string(kAttentionMaskInput), "INT64", {-1, -1}}};
  if (config.token_type_count > 0) {
    inputs.push_back({std::string(kTokenTypeIdsInput), "INT64", {-1, -1}});
  }
  return inputs;
}

std::vector<TensorSpec> OutputSpecs(const ModelConfig& config) {
  std::vector<TensorSpec> specs;
  for (OutputKind kind : OfferedOutputs(config.task)) specs.push_back(OutputSpec(kind, config));
  return specs;
}

std::vector<TensorSpec> DeclaredSpecs(const std::vector<DeclaredTensor>& tensors,
                                      int64_t max_batch_size) {
  std::vector<TensorSpec> specs;
  for (const DeclaredTensor& tensor : tensors) {
    TensorSpec spec = {tensor.name, std::string(DatatypeName(tensor.datatype)), {}};
    if (max_batch_size > 0) spec.shape.push_back(-1);
    spec.shape.insert(spec.shape.end(), tensor.dims.begin(), tensor.dims.end());
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace sta
