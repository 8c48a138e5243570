// SPDX-License-Identifier: Apache-2.0
//
// Tensors of a checkpoint as float32: F32, F16 and BF16 are widened; numbers that are not finite
// are refused, since nothing sensible can be made of them. Pure; thread-safe.
#ifndef MODEL_STORE_CONVERT_FLOAT_TENSOR_H_
#define MODEL_STORE_CONVERT_FLOAT_TENSOR_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/package/safetensors.h"

namespace sta {

// INVALID_ARGUMENT names the tensor: another type, or a NaN or an infinity in it.
absl::StatusOr<std::vector<float>> ToFloats(std::string_view name, const TensorView& tensor);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_FLOAT_TENSOR_H_
