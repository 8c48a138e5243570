// SPDX-License-Identifier: Apache-2.0
//
// Tensor: a named array on its way to or from the server, in the Open Inference Protocol's raw
// form: little-endian, row-major, unpadded; BYTES elements each behind a uint32 length.
//
//   Tensor ids = Tensor::Of<int64_t>("input_ids", {1, 3}, {{101, 7592, 102}});
//   Tensor text = Tensor::OfStrings("text", {"Hello", "world"});
//   absl::StatusOr<std::vector<float>> values = result.outputs[0].Values<float>();
//
// A plain value: no locking, owns its bytes, nothing blocks.
#ifndef CLIENT_TENSOR_H_
#define CLIENT_TENSOR_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sta::client {

static_assert(std::endian::native == std::endian::little, "raw tensors are little-endian");

enum class DataType {
  kBool,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFp16,
  kFp32,
  kFp64,
  kBf16,
  kBytes,
};

// "BOOL", "UINT8", ..., "FP32", "BF16", "BYTES".
std::string_view DataTypeName(DataType type);
// INVALID_ARGUMENT names the text and what is allowed.
absl::StatusOr<DataType> ParseDataType(std::string_view name);
// Bytes of one element, 1..8; 0 for BYTES, whose elements differ.
int64_t ElementBytes(DataType type);

// Elements in a tensor of this shape; 1 for a scalar's empty shape. INVALID_ARGUMENT for a negative
// dimension or a product over 2^62.
absl::StatusOr<int64_t> ElementCount(std::span<const int64_t> shape);

template <typename T>
constexpr DataType DataTypeOf() {
  if constexpr (std::is_same_v<T, float>) {
    return DataType::kFp32;
  } else if constexpr (std::is_same_v<T, double>) {
    return DataType::kFp64;
  } else {
    static_assert(std::is_integral_v<T> && !std::is_same_v<T, bool>, "no datatype for this type");
    constexpr DataType kSigned[] = {DataType::kInt8, DataType::kInt16, DataType::kInt32,
                                    DataType::kInt64};
    constexpr DataType kUnsigned[] = {DataType::kUint8, DataType::kUint16, DataType::kUint32,
                                      DataType::kUint64};
    constexpr int kWidthIndex = std::bit_width(sizeof(T)) - 1;
    return std::is_signed_v<T> ? kSigned[kWidthIndex] : kUnsigned[kWidthIndex];
  }
}

struct Tensor {
  std::string name;
  DataType datatype = DataType::kFp32;
  std::vector<int64_t> shape;
  std::string data;  // the raw form

  // `values` holds as many elements as `shape` says; Validate finds where that is not so.
  template <typename T>
  static Tensor Of(std::string name, std::vector<int64_t> shape, std::span<const T> values) {
    Tensor tensor{std::move(name), DataTypeOf<T>(), std::move(shape), {}};
    tensor.data.assign(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    return tensor;
  }
  template <typename T>
  static Tensor Of(std::string name, std::vector<int64_t> shape, const std::vector<T>& values) {
    return Of<T>(std::move(name), std::move(shape), std::span<const T>(values));
  }

  // A BYTES tensor of shape [values.size()]. Each string is under 4 GiB.
  static Tensor OfStrings(std::string name, std::span<const std::string> values);

  // The elements, row-major. INVALID_ARGUMENT where the datatype is not T's, or the bytes do not
  // fit the shape.
  template <typename T>
  absl::StatusOr<std::vector<T>> Values() const {
    if (absl::Status status = CheckDataType(DataTypeOf<T>()); !status.ok()) return status;
    std::vector<T> values(data.size() / sizeof(T));
    if (!data.empty()) std::memcpy(values.data(), data.data(), data.size());
    return values;
  }

  // The elements of a BYTES tensor. INVALID_ARGUMENT as for Values.
  absl::StatusOr<std::vector<std::string>> Strings() const;

  // OK where `data` holds exactly the elements that shape and datatype promise.
  absl::Status Validate() const;

  friend bool operator==(const Tensor&, const Tensor&) = default;

 private:
  absl::Status CheckDataType(DataType wanted) const;
};

}  // namespace sta::client

#endif  // CLIENT_TENSOR_H_
