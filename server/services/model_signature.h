// SPDX-License-Identifier: Apache-2.0
//
// What a model takes and gives over the Open Inference Protocol: names, datatypes and shapes,
// derived from its configuration. Plain values and pure functions.
#ifndef SERVER_SERVICES_MODEL_SIGNATURE_H_
#define SERVER_SERVICES_MODEL_SIGNATURE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model_store/package/diagnostic_config.h"
#include "model_store/package/model_config.h"

namespace sta {

enum class OutputKind {
  kSentenceEmbedding,  // FP32 [rows, hidden_size]
  kLogits,             // FP32 [rows, labels]
  kProbabilities,      // FP32 [rows, labels]
  kLabel,              // BYTES [rows]
  kLastHiddenState,    // FP32 [rows, longest row's tokens, hidden_size], zeros after each row
};

std::string_view OutputName(OutputKind kind);

// Every output that a model of this task has; all but kLastHiddenState are given where a request
// names none (a kLastHiddenState model gives it).
std::vector<OutputKind> OfferedOutputs(Task task);
std::vector<OutputKind> DefaultOutputs(Task task);
// nullopt where a model of this task has no output of that name.
std::optional<OutputKind> FindOutput(Task task, std::string_view name);

inline constexpr std::string_view kTextInput = "text";
inline constexpr std::string_view kTextPairInput = "text_pair";
inline constexpr std::string_view kInputIdsInput = "input_ids";
inline constexpr std::string_view kAttentionMaskInput = "attention_mask";
inline constexpr std::string_view kTokenTypeIdsInput = "token_type_ids";

struct TensorSpec {
  std::string name;
  std::string datatype;
  std::vector<int64_t> shape;  // -1: any size

  friend bool operator==(const TensorSpec&, const TensorSpec&) = default;
};

// A request gives text (and text_pair), or input_ids (and the other two); these lists name all.
std::vector<TensorSpec> InputSpecs(const ModelConfig& config);
std::vector<TensorSpec> OutputSpecs(const ModelConfig& config);

// Tensors that a diagnostic model declares, its config's inputs or outputs; those of a batching one
// have a first dimension of any size.
std::vector<TensorSpec> DeclaredSpecs(const std::vector<DeclaredTensor>& tensors,
                                      int64_t max_batch_size);

}  // namespace sta

#endif  // SERVER_SERVICES_MODEL_SIGNATURE_H_
