// SPDX-License-Identifier: Apache-2.0
#include "client/tensor.h"

#include <array>
#include <utility>

#include "absl/strings/str_join.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct TypeRow {
  DataType type;
  std::string_view name;
  int64_t element_bytes;
};

constexpr std::array<TypeRow, 14> kTypes = {{
    {DataType::kBool, "BOOL", 1},
    {DataType::kUint8, "UINT8", 1},
    {DataType::kUint16, "UINT16", 2},
    {DataType::kUint32, "UINT32", 4},
    {DataType::kUint64, "UINT64", 8},
    {DataType::kInt8, "INT8", 1},
    {DataType::kInt16, "INT16", 2},
    {DataType::kInt32, "INT32", 4},
    {DataType::kInt64, "INT64", 8},
    {DataType::kFp16, "FP16", 2},
    {DataType::kFp32, "FP32", 4},
    {DataType::kFp64, "FP64", 8},
    {DataType::kBf16, "BF16", 2},
    {DataType::kBytes, "BYTES", 0},
}};

const TypeRow& RowOf(DataType type) { return kTypes[static_cast<size_t>(type)]; }

std::string ShapeText(std::span<const int64_t> shape) {
  return StrCat("[", absl::StrJoin(shape, ","), "]");
}

// Walks the length-prefixed elements of `data`; false where the last one is cut short.
template <typename Visitor>
bool ForEachString(std::string_view data, Visitor visit) {
  while (!data.empty()) {
    uint32_t length = 0;
    if (data.size() < sizeof(length)) return false;
    std::memcpy(&length, data.data(), sizeof(length));
    data.remove_prefix(sizeof(length));
    if (data.size() < length) return false;
    visit(data.substr(0, length));
    data.remove_prefix(length);
  }
  return true;
}

}  // namespace

std::string_view DataTypeName(DataType type) { return RowOf(type).name; }

absl::StatusOr<DataType> ParseDataType(std::string_view name) {
  for (const TypeRow& row : kTypes) {
    if (row.name == name) return row.type;
  }
  const auto append_name = [](std::string* out, const TypeRow& row) { StrAppend(out, row.name); };
  return absl::InvalidArgumentError(
      StrCat("unknown datatype '", name, "'; allowed: ", absl::StrJoin(kTypes, ", ", append_name)));
}

int64_t ElementBytes(DataType type) { return RowOf(type).element_bytes; }

absl::StatusOr<int64_t> ElementCount(std::span<const int64_t> shape) {
  constexpr int64_t kMaxElements = int64_t{1} << 62;
  int64_t count = 1;
  for (const int64_t dimension : shape) {
    if (dimension < 0) {
      return absl::InvalidArgumentError(
          StrCat("shape ", ShapeText(shape), " has a negative dimension"));
    }
    if (dimension > 0 && count > kMaxElements / dimension) {
      return absl::InvalidArgumentError(
          StrCat("shape ", ShapeText(shape), " holds more than 2^62 elements"));
    }
    count *= dimension;
  }
  return count;
}

Tensor Tensor::OfStrings(std::string name, std::span<const std::string> values) {
  Tensor tensor{std::move(name), DataType::kBytes, {static_cast<int64_t>(values.size())}, {}};
  size_t bytes = 0;
  for (const std::string& value : values) bytes += sizeof(uint32_t) + value.size();
  tensor.data.reserve(bytes);
  for (const std::string& value : values) {
    const auto length = static_cast<uint32_t>(value.size());
    tensor.data.append(reinterpret_cast<const char*>(&length), sizeof(length));
    tensor.data.append(value);
  }
  return tensor;
}

absl::StatusOr<std::vector<std::string>> Tensor::Strings() const {
  if (absl::Status status = CheckDataType(DataType::kBytes); !status.ok()) return status;
  std::vector<std::string> values;
  ForEachString(data, [&](std::string_view value) { values.emplace_back(value); });
  return values;
}

absl::Status Tensor::Validate() const {
  const absl::StatusOr<int64_t> count = ElementCount(shape);
  if (!count.ok()) {
    return absl::InvalidArgumentError(StrCat("tensor '", name, "': ", count.status().message()));
  }
  if (datatype == DataType::kBytes) {
    int64_t found = 0;
    if (!ForEachString(data, [&](std::string_view) { ++found; })) {
      return absl::InvalidArgumentError(
          StrCat("tensor '", name, "': element ", found, " is cut short"));
    }
    if (found == *count) return absl::OkStatus();
    return absl::InvalidArgumentError(StrCat("tensor '", name, "': ", found,
                                             " elements, but shape ", ShapeText(shape), " wants ",
                                             *count));
  }
  const auto bytes = static_cast<int64_t>(data.size());
  const int64_t element_bytes = ElementBytes(datatype);
  if (bytes % element_bytes == 0 && bytes / element_bytes == *count) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("tensor '", name, "': ", bytes, " bytes, but shape ",
                                           ShapeText(shape), " of ", DataTypeName(datatype),
                                           " wants ", *count, " x ", element_bytes));
}

absl::Status Tensor::CheckDataType(DataType wanted) const {
  if (datatype != wanted) {
    return absl::InvalidArgumentError(
        StrCat("tensor '", name, "' is ", DataTypeName(datatype), ", not ", DataTypeName(wanted)));
  }
  return Validate();
}

}  // namespace sta::client
