// SPDX-License-Identifier: Apache-2.0
//
// InferOutputs: the output tensors of one request, filled row by row as batches come back from
// devices. Free of any wire format.
//
//   auto outputs = InferOutputs::Create(model, request.outputs, lengths, max_bytes);
//   outputs->SetRow(3, rows);                     // once for every row, in any order
//   for (const OutputTensor& tensor : outputs->tensors()) ...
//
// SetRow may be called for different rows at the same time; tensors() when all are set.
#ifndef SERVER_SERVICES_INFER_OUTPUTS_H_
#define SERVER_SERVICES_INFER_OUTPUTS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/model/loaded_model.h"
#include "server/services/model_signature.h"

namespace sta {

struct OutputTensor {
  OutputKind kind = OutputKind::kSentenceEmbedding;
  std::vector<int64_t> shape;
  std::vector<float> floats;             // FP32 kinds, row-major
  std::vector<std::string_view> labels;  // kLabel; views into the model
};

class InferOutputs {
 public:
  // `lengths` are the rows' tokens; `kinds` are outputs that the model's task offers.
  // RESOURCE_EXHAUSTED where the tensors would take more than `max_bytes`.
  static absl::StatusOr<InferOutputs> Create(std::shared_ptr<const LoadedModel> model,
                                             std::span<const OutputKind> kinds,
                                             std::span<const int64_t> lengths, int64_t max_bytes);

  // Computes the head of row `row`; `encoded` is the Program's output, [length][hidden_size].
  void SetRow(int64_t row, std::span<const int16_t> encoded);

  const std::vector<OutputTensor>& tensors() const { return tensors_; }

 private:
  void SetClass(int64_t row, std::span<const int16_t> encoded);
  OutputTensor* Find(OutputKind kind);

  std::shared_ptr<const LoadedModel> model_;
  std::vector<OutputTensor> tensors_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_INFER_OUTPUTS_H_
