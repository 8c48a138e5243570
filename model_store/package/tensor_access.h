// SPDX-License-Identifier: Apache-2.0
//
// Typed reading and writing of vectors as safetensors. Internal to this folder.
#ifndef MODEL_STORE_PACKAGE_TENSOR_ACCESS_H_
#define MODEL_STORE_PACKAGE_TENSOR_ACCESS_H_

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "model_store/package/safetensors.h"
#include "strings/str_cat.h"

namespace sta {

template <typename T>
constexpr TensorType TensorTypeOf() {
  if constexpr (std::is_same_v<T, int8_t>) return TensorType::kI8;
  if constexpr (std::is_same_v<T, uint8_t>) return TensorType::kU8;
  if constexpr (std::is_same_v<T, int16_t>) return TensorType::kI16;
  if constexpr (std::is_same_v<T, int32_t>) return TensorType::kI32;
  if constexpr (std::is_same_v<T, int64_t>) return TensorType::kI64;
  if constexpr (std::is_same_v<T, float>) return TensorType::kF32;
}

template <typename T>
void AddTensor(SafetensorsWriter& writer, std::string name, std::vector<int64_t> shape,
               std::span<const T> values) {
  writer.Add(std::move(name), TensorTypeOf<T>(), std::move(shape), std::as_bytes(values));
}

// The tensor, with exactly this type and shape. DATA_LOSS names it.
template <typename T>
absl::StatusOr<TensorView> FindTensor(const SafetensorsFile& file, std::string_view name,
                                      const std::vector<int64_t>& shape) {
  absl::StatusOr<TensorView> view = file.Find(name);
  if (!view.ok()) return absl::DataLossError(view.status().message());
  if (view->type != TensorTypeOf<T>() || view->shape != shape) {
    return absl::DataLossError(StrCat("tensor '", name, "' is ", TensorTypeName(view->type), " [",
                                      absl::StrJoin(view->shape, ","), "], expected is ",
                                      TensorTypeName(TensorTypeOf<T>()), " [",
                                      absl::StrJoin(shape, ","), "]"));
  }
  return view;
}

// A copy: the bytes may be unaligned.
template <typename T>
absl::StatusOr<std::vector<T>> ReadTensor(const SafetensorsFile& file, std::string_view name,
                                          const std::vector<int64_t>& shape) {
  const absl::StatusOr<TensorView> view = FindTensor<T>(file, name, shape);
  if (!view.ok()) return view.status();
  std::vector<T> values(static_cast<size_t>(view->element_count()));
  if (!values.empty()) std::memcpy(values.data(), view->data.data(), view->data.size());
  return values;
}

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_TENSOR_ACCESS_H_
