// SPDX-License-Identifier: Apache-2.0
//
// GeneratedTensor: an input of a load that is described and not given: "INPUT0:FP32:1,64" is a
// name, a datatype of the protocol and a shape; "scale:FP32:" is a scalar. Plain value.
//
//   absl::StatusOr<GeneratedTensor> ids = GeneratedTensor::Parse("input_ids:INT64:1,128");
//   Tensor tensor = ids->Draw(engine);
#ifndef CLIENT_LOAD_GENERATED_TENSOR_H_
#define CLIENT_LOAD_GENERATED_TENSOR_H_

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/tensor.h"

namespace sta::client {

class GeneratedTensor {
 public:
  // INVALID_ARGUMENT says what is allowed; at most 2^24 elements.
  static absl::StatusOr<GeneratedTensor> Parse(std::string_view text);

  // Random elements: BOOL 0 or 1, integers 0..127, which fit every integer type, floating-point
  // numbers 0..1, BYTES of eight lower-case letters.
  Tensor Draw(std::mt19937_64& engine) const;

 private:
  std::string name_;
  DataType datatype_ = DataType::kFp32;
  std::vector<int64_t> shape_;
  int64_t elements_ = 0;
};

}  // namespace sta::client

#endif  // CLIENT_LOAD_GENERATED_TENSOR_H_
