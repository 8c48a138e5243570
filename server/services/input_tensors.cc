// SPDX-License-Identifier: Apache-2.0
#include "server/services/input_tensors.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "server/services/tensor_checks.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using inference::InferTensorContents;
using inference::ModelInferRequest;

// Raw tensors are little-endian and are read as they stand.
static_assert(std::endian::native == std::endian::little);

absl::Status CheckRows(std::string_view name, int64_t rows, int64_t max_rows) {
  if (rows == 0) {
    return absl::InvalidArgumentError(StrCat(name, ": zero rows; at least one is needed"));
  }
  if (rows > max_rows) {
    return absl::InvalidArgumentError(StrCat(name, ": ", rows,
                                             " rows are over this server's limit of ", max_rows,
                                             " rows a request; send several requests"));
  }
  return absl::OkStatus();
}

absl::Status CheckNotNegative(const ModelInferRequest::InferInputTensor& input) {
  for (int64_t dimension : input.shape()) {
    if (dimension < 0) {
      return absl::InvalidArgumentError(StrCat(input.name(), ": shape ", ShapeText(input.shape()),
                                               " has a negative dimension; allowed: 0 and above"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

int64_t IntegerMatrix::At(int64_t row, int64_t column) const {
  const int64_t index = row * columns_ + column;
  if (raw64_ != nullptr) {
    int64_t value = 0;
    std::memcpy(&value, raw64_ + index * int64_t{sizeof value}, sizeof value);
    return value;
  }
  if (raw32_ != nullptr) {
    int32_t value = 0;
    std::memcpy(&value, raw32_ + index * int64_t{sizeof value}, sizeof value);
    return value;
  }
  // Element counts of protobuf fit an int.
  if (typed64_ != nullptr) return typed64_->Get(static_cast<int>(index));
  return typed32_->Get(static_cast<int>(index));
}

absl::StatusOr<InputTensors> InputTensors::Parse(const ModelInferRequest& message,
                                                 std::span<const std::string_view> allowed) {
  const bool is_raw = message.raw_input_contents_size() > 0;
  if (is_raw && message.raw_input_contents_size() != message.inputs_size()) {
    return absl::InvalidArgumentError(
        StrCat("raw_input_contents has ", message.raw_input_contents_size(), " entries for ",
               message.inputs_size(), " inputs; allowed: one an input, in the same order"));
  }
  InputTensors tensors;
  for (int i = 0; i < message.inputs_size(); ++i) {
    const ModelInferRequest::InferInputTensor& input = message.inputs(i);
    if (std::find(allowed.begin(), allowed.end(), input.name()) == allowed.end()) {
      return absl::InvalidArgumentError(StrCat("unknown input ", Quoted(input.name()),
                                               "; this model takes: ", JoinNames(allowed)));
    }
    if (is_raw && TypedCount(input.contents()) != 0) {
      return absl::InvalidArgumentError(
          StrCat(input.name(), ": typed contents and raw_input_contents are mixed; ",
                 "allowed: one of the two for all inputs"));
    }
    const Tensor tensor{&input, is_raw ? &message.raw_input_contents(i) : nullptr};
    if (!tensors.tensors_.emplace(input.name(), tensor).second) {
      return absl::InvalidArgumentError(StrCat("input '", input.name(), "' is given twice"));
    }
  }
  return tensors;
}

absl::StatusOr<std::vector<std::string_view>> InputTensors::Bytes(std::string_view name,
                                                                  int64_t max_rows) const {
  const Tensor& tensor = tensors_.at(name);
  const auto& input = *tensor.input;
  if (input.datatype() != "BYTES") {
    return absl::InvalidArgumentError(
        StrCat(name, ": datatype ", Quoted(input.datatype()), "; allowed: BYTES"));
  }
  const auto& shape = input.shape();
  if (shape.size() != 1 && !(shape.size() == 2 && shape.Get(1) == 1)) {
    return absl::InvalidArgumentError(
        StrCat(name, ": shape ", ShapeText(shape), "; allowed: [rows] or [rows,1]"));
  }
  if (absl::Status status = CheckNotNegative(input); !status.ok()) return status;
  const int64_t rows = shape.Get(0);
  if (absl::Status status = CheckRows(name, rows, max_rows); !status.ok()) return status;
  if (tensor.raw != nullptr) return SplitRawBytes(name, *tensor.raw, rows);
  const auto& elements = input.contents().bytes_contents();
  if (absl::Status status = CheckTypedCount(input, elements.size(), "bytes_contents", rows);
      !status.ok()) {
    return status;
  }
  return std::vector<std::string_view>(elements.begin(), elements.end());
}

absl::StatusOr<IntegerMatrix> InputTensors::Integers(std::string_view name,
                                                     int64_t max_rows) const {
  const Tensor& tensor = tensors_.at(name);
  const auto& input = *tensor.input;
  const bool is_64 = input.datatype() == "INT64";
  if (!is_64 && input.datatype() != "INT32") {
    return absl::InvalidArgumentError(
        StrCat(name, ": datatype ", Quoted(input.datatype()), "; allowed: INT64, INT32"));
  }
  const auto& shape = input.shape();
  if (shape.size() != 2) {
    return absl::InvalidArgumentError(
        StrCat(name, ": shape ", ShapeText(shape), "; allowed: [rows,tokens]"));
  }
  if (absl::Status status = CheckNotNegative(input); !status.ok()) return status;
  IntegerMatrix matrix;
  matrix.rows_ = shape.Get(0);
  matrix.columns_ = shape.Get(1);
  if (absl::Status status = CheckRows(name, matrix.rows_, max_rows); !status.ok()) return status;
  if (matrix.columns_ == 0) {
    return absl::InvalidArgumentError(
        StrCat(name, ": shape ", ShapeText(shape), " has no tokens; a row needs at least one"));
  }
  const int64_t element_bytes = is_64 ? sizeof(int64_t) : sizeof(int32_t);
  int64_t count = 0;
  int64_t bytes = 0;
  if (__builtin_mul_overflow(matrix.rows_, matrix.columns_, &count) ||
      __builtin_mul_overflow(count, element_bytes, &bytes)) {
    return absl::InvalidArgumentError(StrCat(name, ": shape ", ShapeText(shape), " is too large"));
  }
  if (tensor.raw != nullptr) {
    if (static_cast<int64_t>(tensor.raw->size()) != bytes) {
      return absl::InvalidArgumentError(StrCat(name, ": raw contents have ", tensor.raw->size(),
                                               " bytes, but shape ", ShapeText(shape), " of ",
                                               input.datatype(), " has ", bytes));
    }
    (is_64 ? matrix.raw64_ : matrix.raw32_) = tensor.raw->data();
    return matrix;
  }
  const InferTensorContents& contents = input.contents();
  if (is_64) {
    matrix.typed64_ = &contents.int64_contents();
  } else {
    matrix.typed32_ = &contents.int_contents();
  }
  const int64_t typed = is_64 ? contents.int64_contents_size() : contents.int_contents_size();
  absl::Status status =
      CheckTypedCount(input, typed, is_64 ? "int64_contents" : "int_contents", count);
  if (!status.ok()) return status;
  return matrix;
}

}  // namespace sta
