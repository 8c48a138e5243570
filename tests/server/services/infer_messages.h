// SPDX-License-Identifier: Apache-2.0
//
// Builders of ModelInferRequest for tests: good messages that a test then spoils.
#ifndef TESTS_SERVER_SERVICES_INFER_MESSAGES_H_
#define TESTS_SERVER_SERVICES_INFER_MESSAGES_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "inference/open_inference_grpc.pb.h"

namespace sta {

using InputTensor = inference::ModelInferRequest::InferInputTensor;

// Little-endian bytes of the elements.
template <typename T>
std::string RawOf(const std::vector<T>& elements) {
  std::string raw(elements.size() * sizeof(T), '\0');
  std::memcpy(raw.data(), elements.data(), raw.size());
  return raw;
}

// BYTES elements with their length prefixes.
inline std::string RawBytesOf(const std::vector<std::string>& elements) {
  std::string raw;
  for (const std::string& element : elements) {
    raw += RawOf<uint32_t>({static_cast<uint32_t>(element.size())}) + element;
  }
  return raw;
}

inline InputTensor& AddInput(inference::ModelInferRequest& message, std::string_view name,
                             std::string_view datatype, const std::vector<int64_t>& shape) {
  InputTensor& input = *message.add_inputs();
  input.set_name(std::string(name));
  input.set_datatype(std::string(datatype));
  for (int64_t dimension : shape) input.add_shape(dimension);
  return input;
}

inline void AddTexts(inference::ModelInferRequest& message, std::string_view name,
                     const std::vector<std::string>& texts) {
  InputTensor& input = AddInput(message, name, "BYTES", {static_cast<int64_t>(texts.size())});
  for (const std::string& text : texts) input.mutable_contents()->add_bytes_contents(text);
}

inline void AddIntegers(inference::ModelInferRequest& message, std::string_view name,
                        const std::vector<int64_t>& shape, const std::vector<int64_t>& values) {
  InputTensor& input = AddInput(message, name, "INT64", shape);
  for (int64_t value : values) input.mutable_contents()->add_int64_contents(value);
}

inline inference::ModelInferRequest TextMessage(const std::vector<std::string>& texts) {
  inference::ModelInferRequest message;
  AddTexts(message, "text", texts);
  return message;
}

inline inference::ModelInferRequest IdsMessage(const std::vector<int64_t>& shape,
                                               const std::vector<int64_t>& ids) {
  inference::ModelInferRequest message;
  AddIntegers(message, "input_ids", shape, ids);
  return message;
}

}  // namespace sta

#endif  // TESTS_SERVER_SERVICES_INFER_MESSAGES_H_
