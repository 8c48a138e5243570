// SPDX-License-Identifier: Apache-2.0
//
// InputTensors: the inputs of a ModelInferRequest behind one interface, whether their elements came
// typed or raw. Views into the message, which must outlive it. Checks names, duplicates, datatypes,
// shapes and element counts; allocates nothing whose size the message has not paid for.
//
//   auto inputs = InputTensors::Parse(message, {"text", "text_pair"});
//   auto texts = inputs->Bytes("text");
#ifndef SERVER_SERVICES_INPUT_TENSORS_H_
#define SERVER_SERVICES_INPUT_TENSORS_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "inference/open_inference_grpc.pb.h"

namespace sta {

// A matrix of INT64 or INT32 elements.
class IntegerMatrix {
 public:
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  // 0 <= row < rows(), 0 <= column < columns().
  int64_t At(int64_t row, int64_t column) const;

 private:
  friend class InputTensors;

  int64_t rows_ = 0;
  int64_t columns_ = 0;
  // Exactly one of these is set.
  const google::protobuf::RepeatedField<int32_t>* typed32_ = nullptr;
  const google::protobuf::RepeatedField<int64_t>* typed64_ = nullptr;
  const char* raw32_ = nullptr;
  const char* raw64_ = nullptr;
};

class InputTensors {
 public:
  // INVALID_ARGUMENT: an input that is not in `allowed`, one given twice, raw and typed contents
  // mixed, another number of raw contents than inputs.
  static absl::StatusOr<InputTensors> Parse(const inference::ModelInferRequest& message,
                                            std::span<const std::string_view> allowed);

  bool Has(std::string_view name) const { return tensors_.contains(name); }

  // BYTES [n] or [n, 1] with 1 <= n <= max_rows, as n views. `name` must be there (Has).
  absl::StatusOr<std::vector<std::string_view>> Bytes(std::string_view name,
                                                      int64_t max_rows) const;

  // INT64 or INT32 [n, columns], 1 <= n <= max_rows, columns >= 1. `name` must be there.
  absl::StatusOr<IntegerMatrix> Integers(std::string_view name, int64_t max_rows) const;

 private:
  struct Tensor {
    const inference::ModelInferRequest::InferInputTensor* input = nullptr;
    const std::string* raw = nullptr;  // null: the elements are typed
  };

  std::map<std::string_view, Tensor> tensors_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_INPUT_TENSORS_H_
