// SPDX-License-Identifier: Apache-2.0
#include "server/services/tensor_checks.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "strings/str_cat.h"

namespace sta {

using inference::InferTensorContents;
using inference::ModelInferRequest;

std::string Quoted(std::string_view text) {
  constexpr size_t kMaxQuotedBytes = 64;
  if (text.size() <= kMaxQuotedBytes) return StrCat("'", text, "'");
  return StrCat("'", text.substr(0, kMaxQuotedBytes), "...'");
}

std::string JoinNames(std::span<const std::string_view> names) {
  std::string joined;
  for (std::string_view name : names) StrAppend(&joined, joined.empty() ? "" : ", ", name);
  return joined;
}

std::string ShapeText(const google::protobuf::RepeatedField<int64_t>& shape) {
  constexpr int kMaxShownDimensions = 8;
  std::string text = "[";
  for (int i = 0; i < std::min(shape.size(), kMaxShownDimensions); ++i) {
    StrAppend(&text, i == 0 ? "" : ",", shape.Get(i));
  }
  StrAppend(&text, shape.size() > kMaxShownDimensions ? ",...]" : "]");
  return text;
}

int64_t TypedCount(const InferTensorContents& contents) {
  return int64_t{contents.bool_contents_size()} + contents.int_contents_size() +
         contents.int64_contents_size() + contents.uint_contents_size() +
         contents.uint64_contents_size() + contents.fp32_contents_size() +
         contents.fp64_contents_size() + contents.bytes_contents_size();
}

absl::Status CheckTypedCount(const ModelInferRequest::InferInputTensor& input,
                             int64_t wanted_field_count, std::string_view wanted_field,
                             int64_t expected) {
  if (TypedCount(input.contents()) != wanted_field_count) {
    return absl::InvalidArgumentError(StrCat(input.name(), ": datatype ", input.datatype(),
                                             " has its elements in contents.", wanted_field,
                                             ", but another field is filled"));
  }
  if (wanted_field_count != expected) {
    return absl::InvalidArgumentError(StrCat(input.name(), ": contents.", wanted_field, " has ",
                                             wanted_field_count, " elements, but shape ",
                                             ShapeText(input.shape()), " has ", expected));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string_view>> SplitRawBytes(std::string_view name,
                                                            std::string_view raw, int64_t count) {
  std::vector<std::string_view> elements;
  // Each element takes a length at least, which bounds the reservation by the message.
  constexpr size_t kLengthBytes = sizeof(uint32_t);
  elements.reserve(std::min(static_cast<size_t>(count), raw.size() / kLengthBytes));
  std::string_view rest = raw;
  for (int64_t i = 0; i < count; ++i) {
    if (rest.size() < kLengthBytes) {
      return absl::InvalidArgumentError(StrCat(name, ": raw contents of ", raw.size(),
                                               " bytes end before element ", i, " of ", count));
    }
    uint32_t length = 0;
    std::memcpy(&length, rest.data(), kLengthBytes);
    rest.remove_prefix(kLengthBytes);
    if (length > rest.size()) {
      return absl::InvalidArgumentError(StrCat(name, ": element ", i, " has length ", length,
                                               ", but only ", rest.size(),
                                               " bytes of the raw contents are left"));
    }
    elements.push_back(rest.substr(0, length));
    rest.remove_prefix(length);
  }
  if (!rest.empty()) {
    return absl::InvalidArgumentError(StrCat(name, ": ", rest.size(),
                                             " bytes are left in the raw contents after the last ",
                                             "of ", count, " elements"));
  }
  return elements;
}

}  // namespace sta
