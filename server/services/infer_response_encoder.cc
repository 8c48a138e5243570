// SPDX-License-Identifier: Apache-2.0
#include "server/services/infer_response_encoder.h"

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace sta {
namespace {

static_assert(std::endian::native == std::endian::little);

std::string RawFloats(std::span<const float> floats) {
  return {reinterpret_cast<const char*>(floats.data()), floats.size_bytes()};
}

std::string RawBytes(std::span<const std::string_view> elements) {
  std::string raw;
  for (std::string_view element : elements) {
    const auto length = static_cast<uint32_t>(element.size());
    raw.append(reinterpret_cast<const char*>(&length), sizeof length);
    raw.append(element);
  }
  return raw;
}

}  // namespace

void EncodeOutputs(std::span<const OutputTensor> tensors, inference::ModelInferResponse& response) {
  for (const OutputTensor& tensor : tensors) {
    const bool is_bytes = tensor.kind == OutputKind::kLabel;
    inference::ModelInferResponse::InferOutputTensor& output = *response.add_outputs();
    output.set_name(std::string(OutputName(tensor.kind)));
    output.set_datatype(is_bytes ? "BYTES" : "FP32");
    output.mutable_shape()->Add(tensor.shape.begin(), tensor.shape.end());
    response.add_raw_output_contents(is_bytes ? RawBytes(tensor.labels) : RawFloats(tensor.floats));
  }
}

}  // namespace sta
