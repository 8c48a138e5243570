// SPDX-License-Identifier: Apache-2.0
#include "server/services/infer_response_encoder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

static_assert(std::endian::native == std::endian::little);

void AppendElement(std::string_view element, std::string& raw) {
  const auto length = static_cast<uint32_t>(element.size());
  raw.append(reinterpret_cast<const char*>(&length), sizeof length);
  raw.append(element);
}

std::string RawFloats(std::span<const float> floats, FloatType type) {
  if (type == FloatType::kFp32) {
    return {reinterpret_cast<const char*>(floats.data()), floats.size_bytes()};
  }
  std::string raw(floats.size() * sizeof(uint16_t), '\0');
  for (size_t i = 0; i < floats.size(); ++i) {
    const uint16_t bits = type == FloatType::kFp16 ? ToFp16(floats[i]) : ToBf16(floats[i]);
    std::memcpy(raw.data() + i * sizeof bits, &bits, sizeof bits);
  }
  return raw;
}

const char* DatatypeName(FloatType type) {
  switch (type) {
    case FloatType::kFp32:
      return "FP32";
    case FloatType::kFp16:
      return "FP16";
    case FloatType::kBf16:
      break;
  }
  return "BF16";
}

// The best `count` of one row, each with its value, index and label.
void AppendClasses(std::span<const float> row, size_t count, std::span<const std::string> labels,
                   std::string& raw) {
  std::vector<size_t> order(row.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(order.begin(), middle, order.end(), [&](size_t a, size_t b) {
    return row[a] > row[b] || (row[a] == row[b] && a < b);
  });
  for (auto place = order.begin(); place != middle; ++place) {
    // Six decimals, as Triton writes it.
    AppendElement(StrCat(std::to_string(row[*place]), ":", *place, ":", labels[*place]), raw);
  }
}

absl::StatusOr<std::string> RawClasses(const OutputTensor& tensor, size_t count,
                                       const EncodeOptions& options) {
  const std::span<const float> values = tensor.floats;
  const auto columns = static_cast<size_t>(tensor.shape.back());
  std::string raw;
  for (size_t begin = 0; begin < values.size(); begin += columns) {
    AppendClasses(values.subspan(begin, columns), count, options.labels, raw);
    if (std::ssize(raw) > options.max_bytes) {
      return absl::ResourceExhaustedError(
          StrCat("the reply would be over this server's limit of ", options.max_bytes,
                 " bytes; send fewer rows a request, or ask for fewer classes"));
    }
  }
  return raw;
}

}  // namespace

absl::Status EncodeOutputs(std::span<const OutputTensor> tensors, const EncodeOptions& options,
                           inference::ModelInferResponse& response) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    const OutputTensor& tensor = tensors[i];
    const OutputForm& form = options.forms[i];
    inference::ModelInferResponse::InferOutputTensor& output = *response.add_outputs();
    output.set_name(std::string(OutputName(tensor.kind)));
    output.mutable_shape()->Add(tensor.shape.begin(), tensor.shape.end());
    std::string& raw = *response.add_raw_output_contents();
    if (tensor.kind == OutputKind::kLabel) {
      output.set_datatype("BYTES");
      for (std::string_view label : tensor.labels) AppendElement(label, raw);
    } else if (form.class_count > 0) {
      const int64_t count = std::min(form.class_count, tensor.shape.back());
      absl::StatusOr<std::string> classes = RawClasses(tensor, static_cast<size_t>(count), options);
      if (!classes.ok()) return classes.status();
      output.set_datatype("BYTES");
      output.set_shape(output.shape_size() - 1, count);
      raw = *std::move(classes);
    } else {
      output.set_datatype(DatatypeName(form.float_type));
      raw = RawFloats(tensor.floats, form.float_type);
    }
  }
  return absl::OkStatus();
}

}  // namespace sta
