// SPDX-License-Identifier: Apache-2.0
#include "server/http/infer_response_json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <type_traits>
#include <vector>

#include "model_store/package/datatype.h"
#include "server/http/http_error.h"
#include "server/services/tensor_checks.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using inference::InferParameter;
using inference::ModelInferResponse;

using Output = ModelInferResponse::InferOutputTensor;

template <typename T>
void AppendChars(T value, std::string& out) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), static_cast<size_t>(end - text.data()));
}

void AppendParameter(const InferParameter& parameter, std::string& out) {
  switch (parameter.parameter_choice_case()) {
    case InferParameter::kBoolParam:
      out += parameter.bool_param() ? "true" : "false";
      return;
    case InferParameter::kInt64Param:
      AppendChars(parameter.int64_param(), out);
      return;
    case InferParameter::kUint64Param:
      AppendChars(parameter.uint64_param(), out);
      return;
    case InferParameter::kDoubleParam:
      out += nlohmann::json(parameter.double_param()).dump();
      return;
    case InferParameter::kStringParam:
      out += JsonString(parameter.string_param());
      return;
    case InferParameter::PARAMETER_CHOICE_NOT_SET:
      break;
  }
  out += "null";
}

// `"parameters":{...},`, or nothing.
void AppendParameters(const google::protobuf::Map<std::string, InferParameter>& parameters,
                      std::string& out) {
  if (parameters.empty()) return;
  out += "\"parameters\":{";
  const char* separator = "";
  for (const auto& [name, value] : parameters) {
    StrAppend(&out, separator, JsonString(name), ":");
    AppendParameter(value, out);
    separator = ",";
  }
  out += "},";
}

absl::Status NotSayable(const Output& output, int64_t index, std::string_view what) {
  return absl::InvalidArgumentError(StrCat("output ", Quoted(output.name()), ": element ", index,
                                           " is ", what,
                                           ", which JSON cannot say; ask for binary_data"));
}

template <typename T>
absl::Status AppendElements(const Output& output, std::string_view raw, std::string& out) {
  for (size_t i = 0; i < raw.size() / sizeof(T); ++i) {
    T value;
    std::memcpy(&value, raw.data() + i * sizeof(T), sizeof(T));
    if (i > 0) out += ',';
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) {
        return NotSayable(output, static_cast<int64_t>(i), "not finite");
      }
      AppendNumber(value, out);
    } else {
      AppendChars(value, out);
    }
  }
  return absl::OkStatus();
}

absl::Status AppendBools(std::string_view raw, std::string& out) {
  const char* separator = "";
  for (const char value : raw) {
    StrAppend(&out, separator, value != 0 ? "true" : "false");
    separator = ",";
  }
  return absl::OkStatus();
}

absl::Status AppendStrings(const Output& output, std::string_view raw, std::string& out) {
  int64_t count = 1;
  for (const int64_t dimension : output.shape()) count *= dimension;
  const absl::StatusOr<std::vector<std::string_view>> elements =
      SplitRawBytes(output.name(), raw, count);
  if (!elements.ok()) return absl::InternalError(elements.status().message());
  for (size_t i = 0; i < elements->size(); ++i) {
    if (i > 0) out += ',';
    try {
      out += nlohmann::json((*elements)[i]).dump();
    } catch (const nlohmann::json::type_error&) {
      return NotSayable(output, static_cast<int64_t>(i), "not UTF-8");
    }
  }
  return absl::OkStatus();
}

absl::Status AppendData(const Output& output, std::string_view raw, std::string& out) {
  const absl::StatusOr<Datatype> datatype = ParseDatatype(output.datatype());
  if (!datatype.ok()) return absl::InternalError(datatype.status().message());
  switch (*datatype) {
    case Datatype::kBool:
      return AppendBools(raw, out);
    case Datatype::kUint8:
      return AppendElements<uint8_t>(output, raw, out);
    case Datatype::kUint16:
      return AppendElements<uint16_t>(output, raw, out);
    case Datatype::kUint32:
      return AppendElements<uint32_t>(output, raw, out);
    case Datatype::kUint64:
      return AppendElements<uint64_t>(output, raw, out);
    case Datatype::kInt8:
      return AppendElements<int8_t>(output, raw, out);
    case Datatype::kInt16:
      return AppendElements<int16_t>(output, raw, out);
    case Datatype::kInt32:
      return AppendElements<int32_t>(output, raw, out);
    case Datatype::kInt64:
      return AppendElements<int64_t>(output, raw, out);
    case Datatype::kFp32:
      return AppendElements<float>(output, raw, out);
    case Datatype::kFp64:
      return AppendElements<double>(output, raw, out);
    case Datatype::kBytes:
      return AppendStrings(output, raw, out);
    case Datatype::kFp16:
    case Datatype::kBf16:
      break;
  }
  return NotSayable(output, 0, output.datatype());
}

bool IsInSharedMemory(const Output& output) {
  return output.parameters().contains("shared_memory_region");
}

absl::Status AppendOutput(const Output& output, std::string_view raw, bool is_binary,
                          std::string& out) {
  StrAppend(&out, "{\"name\":", JsonString(output.name()),
            ",\"datatype\":", JsonString(output.datatype()), ",\"shape\":[");
  const char* separator = "";
  for (const int64_t dimension : output.shape()) {
    StrAppend(&out, separator, dimension);
    separator = ",";
  }
  out += "],";
  if (IsInSharedMemory(output)) {
    AppendParameters(output.parameters(), out);
  } else if (is_binary) {
    auto parameters = output.parameters();
    parameters["binary_data_size"].set_int64_param(std::ssize(raw));
    AppendParameters(parameters, out);
  } else {
    AppendParameters(output.parameters(), out);
    out += "\"data\":[";
    if (absl::Status status = AppendData(output, raw, out); !status.ok()) return status;
    out += "],";
  }
  out.back() = '}';  // there was a comma
  return absl::OkStatus();
}

}  // namespace

void AppendNumber(float value, std::string& out) { AppendChars(value, out); }
void AppendNumber(double value, std::string& out) { AppendChars(value, out); }

absl::StatusOr<HttpResponse> EncodeInferResponse(const ModelInferResponse& message,
                                                 const BinaryOutputs& binary) {
  HttpResponse response;
  std::string& out = response.body;
  StrAppend(&out, "{\"model_name\":", JsonString(message.model_name()),
            ",\"model_version\":", JsonString(message.model_version()), ",");
  if (!message.id().empty()) StrAppend(&out, "\"id\":", JsonString(message.id()), ",");
  AppendParameters(message.parameters(), out);
  out += "\"outputs\":[";
  std::vector<std::string_view> behind;
  for (int i = 0; i < message.outputs_size(); ++i) {
    const Output& output = message.outputs(i);
    const std::string_view raw = message.raw_output_contents(i);
    const bool is_binary = binary.Wants(output.name());
    if (i > 0) out += ',';
    if (absl::Status status = AppendOutput(output, raw, is_binary, out); !status.ok()) {
      return status;
    }
    if (is_binary) behind.push_back(raw);
  }
  out += "]}";
  if (behind.empty()) return response;
  response.headers.emplace_back("Inference-Header-Content-Length", StrCat(out.size()));
  response.content_type = "application/octet-stream";
  for (const std::string_view raw : behind) out += raw;
  return response;
}

}  // namespace sta
