// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/float_tensor.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "strings/str_cat.h"

namespace sta {
namespace {

// Copies elements of type T (the bytes may be unaligned) and widens them.
template <typename T>
std::vector<float> Widen(const TensorView& tensor) {
  std::vector<float> floats(static_cast<size_t>(tensor.element_count()));
  for (size_t i = 0; i < floats.size(); ++i) {
    T element;
    std::memcpy(static_cast<void*>(&element), tensor.data.data() + i * sizeof(T), sizeof(T));
    floats[i] = static_cast<float>(element);
  }
  return floats;
}

}  // namespace

absl::StatusOr<std::vector<float>> ToFloats(std::string_view name, const TensorView& tensor) {
  std::vector<float> floats;
  switch (tensor.type) {
    case TensorType::kF32:
      floats = Widen<float>(tensor);
      break;
    case TensorType::kF16:
      floats = Widen<Eigen::half>(tensor);
      break;
    case TensorType::kBF16:
      floats = Widen<Eigen::bfloat16>(tensor);
      break;
    default:
      return absl::InvalidArgumentError(StrCat("tensor '", name, "' is ",
                                               TensorTypeName(tensor.type),
                                               "; allowed are F32, F16 and BF16"));
  }
  const auto bad = std::ranges::find_if(floats, [](float x) { return !std::isfinite(x); });
  if (bad != floats.end()) {
    return absl::InvalidArgumentError(StrCat("tensor '", name,
                                             "' holds a number that is not finite "
                                             "at place ",
                                             bad - floats.begin()));
  }
  return floats;
}

}  // namespace sta
