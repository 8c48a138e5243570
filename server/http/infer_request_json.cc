// SPDX-License-Identifier: Apache-2.0
#include "server/http/infer_request_json.h"

#include <cmath>
#include <concepts>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "model_store/json/strict_json.h"
#include "model_store/package/datatype.h"
#include "server/services/tensor_checks.h"
#include "server/services/typed_elements.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using inference::InferParameter;
using inference::InferTensorContents;
using inference::ModelInferRequest;
using nlohmann::json;

using Parameters = google::protobuf::Map<std::string, InferParameter>;

// Ours and no model's: they say how tensors travel.
constexpr const char* kBinarySize = "binary_data_size";
constexpr const char* kBinaryOutput = "binary_data";
constexpr const char* kBinaryOutputs = "binary_data_output";

// Deep enough for a tensor of 24 dimensions.
constexpr JsonLimits kInferJsonLimits = {.max_bytes = int64_t{1} << 30, .max_depth = 32};

absl::Status WrongType(std::string_view where, std::string_view allowed) {
  return absl::InvalidArgumentError(StrCat(where, " has another type; allowed: ", allowed));
}

// Null where it is not there.
const json* Member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

absl::Status ReadText(const json& object, const char* name, std::string_view where,
                      std::string* text) {
  const json* member = Member(object, name);
  if (member == nullptr) return absl::OkStatus();
  if (!member->is_string()) return WrongType(StrCat(where, name), "a string");
  *text = member->get<std::string>();
  return absl::OkStatus();
}

absl::Status ReadParameter(const json& value, std::string_view where, InferParameter& parameter) {
  if (value.is_boolean()) {
    parameter.set_bool_param(value.get<bool>());
  } else if (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX) {
    parameter.set_uint64_param(value.get<uint64_t>());
  } else if (value.is_number_integer()) {
    parameter.set_int64_param(value.get<int64_t>());
  } else if (value.is_number()) {
    parameter.set_double_param(value.get<double>());
  } else if (value.is_string()) {
    parameter.set_string_param(value.get<std::string>());
  } else {
    return WrongType(where, "a string, a number or a boolean");
  }
  return absl::OkStatus();
}

absl::Status ReadParameters(const json& object, std::string_view where, Parameters& parameters) {
  const json* member = Member(object, "parameters");
  if (member == nullptr) return absl::OkStatus();
  if (!member->is_object()) return WrongType(StrCat(where, "parameters"), "an object");
  for (const auto& [name, value] : member->items()) {
    const std::string place = StrCat(where, "parameters: ", Quoted(name));
    if (absl::Status status = ReadParameter(value, place, parameters[name]); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

// Takes a parameter that is a boolean out of those that go on.
absl::StatusOr<std::optional<bool>> TakeFlag(const char* name, std::string_view where,
                                             Parameters& parameters) {
  const auto found = parameters.find(name);
  if (found == parameters.end()) return std::nullopt;
  if (!found->second.has_bool_param()) {
    return WrongType(StrCat(where, "parameters: '", name, "'"), "a boolean");
  }
  const bool flag = found->second.bool_param();
  parameters.erase(found);
  return flag;
}

// What the parameter of an input says that it has behind the JSON; taken out of those that go on.
absl::StatusOr<std::optional<int64_t>> TakeBinarySize(std::string_view where,
                                                      Parameters& parameters) {
  const auto found = parameters.find(kBinarySize);
  if (found == parameters.end()) return std::nullopt;
  if (!found->second.has_int64_param() || found->second.int64_param() < 0) {
    return WrongType(StrCat(where, "parameters: '", kBinarySize, "'"), "a whole number of bytes");
  }
  const int64_t bytes = found->second.int64_param();
  parameters.erase(found);
  return bytes;
}

// Appends the elements of a JSON array to a field, in order, however they are nested.
class ElementReader {
 public:
  ElementReader(std::string_view tensor, Datatype datatype, InferTensorContents& contents)
      : tensor_(tensor), datatype_(datatype), contents_(contents) {}

  absl::Status Read(const json& data) {
    if (!data.is_array()) return ReadElement(data);
    for (const json& element : data) {
      if (absl::Status status = Read(element); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Refuse(std::string_view allowed) const {
    return absl::InvalidArgumentError(StrCat(tensor_, ": data[", count_, "] is not of ",
                                             DatatypeName(datatype_), "; allowed: ", allowed));
  }

  template <std::integral T, typename Field>
  absl::Status ReadInteger(const json& element, Field& field) {
    constexpr T kLowest = std::numeric_limits<T>::min();
    constexpr T kHighest = std::numeric_limits<T>::max();
    const std::string allowed = StrCat("whole numbers from ", kLowest, " to ", kHighest);
    if (element.is_number_unsigned()) {
      const auto value = element.get<uint64_t>();
      if (value > static_cast<uint64_t>(kHighest)) return Refuse(allowed);
      field.Add(static_cast<T>(value));
    } else if (element.is_number_integer()) {
      const auto value = element.get<int64_t>();  // below 0
      if (std::is_unsigned_v<T> || value < static_cast<int64_t>(kLowest)) return Refuse(allowed);
      field.Add(static_cast<T>(value));
    } else {
      return Refuse(allowed);
    }
    return absl::OkStatus();
  }

  absl::Status ReadFloat(const json& element) {
    const double value = element.is_number() ? element.get<double>() : HUGE_VAL;
    if (std::abs(value) > std::numeric_limits<float>::max()) return Refuse("numbers");
    contents_.add_fp32_contents(static_cast<float>(value));
    return absl::OkStatus();
  }

  absl::Status ReadElement(const json& element) {
    absl::Status status = ReadKnown(element);
    ++count_;
    return status;
  }

  absl::Status ReadKnown(const json& element) {
    switch (datatype_) {
      case Datatype::kBool:
        if (!element.is_boolean()) return Refuse("true and false");
        contents_.add_bool_contents(element.get<bool>());
        return absl::OkStatus();
      case Datatype::kInt8:
      case Datatype::kInt16:
      case Datatype::kInt32:
        return ReadInteger<int32_t>(element, *contents_.mutable_int_contents());
      case Datatype::kInt64:
        return ReadInteger<int64_t>(element, *contents_.mutable_int64_contents());
      case Datatype::kUint8:
      case Datatype::kUint16:
      case Datatype::kUint32:
        return ReadInteger<uint32_t>(element, *contents_.mutable_uint_contents());
      case Datatype::kUint64:
        return ReadInteger<uint64_t>(element, *contents_.mutable_uint64_contents());
      case Datatype::kFp32:
        return ReadFloat(element);
      case Datatype::kFp64:
        if (!element.is_number()) return Refuse("numbers");
        contents_.add_fp64_contents(element.get<double>());
        return absl::OkStatus();
      case Datatype::kBytes:
        if (!element.is_string()) return Refuse("strings");
        contents_.add_bytes_contents(element.get<std::string>());
        return absl::OkStatus();
      case Datatype::kFp16:
      case Datatype::kBf16:
        break;
    }
    return absl::InvalidArgumentError(
        StrCat(tensor_, ": ", DatatypeName(datatype_), " has no JSON; send it as binary data"));
  }

  const std::string_view tensor_;
  const Datatype datatype_;
  InferTensorContents& contents_;
  int64_t count_ = 0;
};

absl::Status ReadShape(const json& object, std::string_view where,
                       google::protobuf::RepeatedField<int64_t>& shape) {
  const json* member = Member(object, "shape");
  if (member == nullptr || !member->is_array()) {
    return WrongType(StrCat(where, "shape"), "an array of whole numbers");
  }
  for (const json& dimension : *member) {
    const bool fits = dimension.is_number_integer() &&
                      (!dimension.is_number_unsigned() || dimension.get<uint64_t>() <= INT64_MAX);
    if (!fits) return WrongType(StrCat(where, "shape"), "an array of whole numbers");
    shape.Add(dimension.get<int64_t>());
  }
  return absl::OkStatus();
}

// Reads requests; `binary_` is what is still to be read behind the JSON.
class BodyReader {
 public:
  BodyReader(std::string_view binary, bool has_binary) : binary_(binary), has_binary_(has_binary) {}

  absl::StatusOr<InferBody> Read(const json& request) {
    if (!request.is_object()) return WrongType("the request", "an object");
    ModelInferRequest& message = body_.message;
    absl::Status status = ReadText(request, "id", "", message.mutable_id());
    if (status.ok()) status = ReadParameters(request, "", *message.mutable_parameters());
    if (status.ok()) status = ReadDefault();
    if (status.ok()) status = ReadInputs(request);
    if (status.ok()) status = ReadOutputs(request);
    if (!status.ok()) return status;
    if (!binary_.empty()) {
      return absl::InvalidArgumentError(
          StrCat("there are ", binary_.size(), " bytes more behind the JSON than its inputs have"));
    }
    return std::move(body_);
  }

 private:
  absl::Status ReadDefault() {
    absl::StatusOr<std::optional<bool>> flag =
        TakeFlag(kBinaryOutputs, "", *body_.message.mutable_parameters());
    if (flag.ok()) body_.binary.by_default = flag->value_or(false);
    return flag.status();
  }

  absl::Status ReadInputs(const json& request) {
    const json* inputs = Member(request, "inputs");
    if (inputs == nullptr || !inputs->is_array()) return WrongType("inputs", "an array of objects");
    for (size_t i = 0; i < inputs->size(); ++i) {
      const std::string where = StrCat("inputs[", i, "]: ");
      if (!(*inputs)[i].is_object()) return WrongType(where + "it", "an object");
      if (absl::Status status = ReadInput((*inputs)[i], where); !status.ok()) return status;
    }
    return any_is_raw_ ? MakeAllRaw() : absl::OkStatus();
  }

  absl::Status ReadInput(const json& object, const std::string& where) {
    ModelInferRequest::InferInputTensor& input = *body_.message.add_inputs();
    raws_.emplace_back();
    absl::Status status = ReadText(object, "name", where, input.mutable_name());
    if (status.ok()) status = ReadText(object, "datatype", where, input.mutable_datatype());
    if (status.ok()) status = ReadShape(object, where, *input.mutable_shape());
    if (status.ok()) status = ReadParameters(object, where, *input.mutable_parameters());
    if (!status.ok()) return status;
    const absl::StatusOr<std::optional<int64_t>> binary_bytes =
        TakeBinarySize(where, *input.mutable_parameters());
    if (!binary_bytes.ok()) return binary_bytes.status();
    const json* data = Member(object, "data");
    if (binary_bytes->has_value()) {
      if (data == nullptr) return TakeBinary(where, **binary_bytes);
      return absl::InvalidArgumentError(
          StrCat(where, "it has data and ", kBinarySize, "; allowed: one of them"));
    }
    // Its elements are in shared memory, or missing, which the decoder says.
    if (data == nullptr) return absl::OkStatus();
    if (!data->is_array()) return WrongType(where + "data", "an array");
    const absl::StatusOr<Datatype> datatype = ParseDatatype(input.datatype());
    if (!datatype.ok()) {
      return absl::InvalidArgumentError(
          AbslView(StrCat(where, "datatype: ", datatype.status().message())));
    }
    // Also where there is none, so that it is known to be typed.
    InferTensorContents& contents = *input.mutable_contents();
    return ElementReader(Quoted(input.name()), *datatype, contents).Read(*data);
  }

  absl::Status TakeBinary(const std::string& where, int64_t bytes) {
    if (!has_binary_) {
      return absl::InvalidArgumentError(
          StrCat(where, kBinarySize,
                 " needs the header Inference-Header-Content-Length, the JSON's size"));
    }
    if (bytes > std::ssize(binary_)) {
      return absl::InvalidArgumentError(StrCat(where, kBinarySize, " is ", bytes, ", and only ",
                                               binary_.size(), " bytes are left of the request"));
    }
    raws_.back() = binary_.substr(0, static_cast<size_t>(bytes));
    binary_.remove_prefix(static_cast<size_t>(bytes));
    any_is_raw_ = true;
    return absl::OkStatus();
  }

  // The protocol has all inputs of a message typed, or all raw.
  absl::Status MakeAllRaw() {
    for (int i = 0; i < body_.message.inputs_size(); ++i) {
      ModelInferRequest::InferInputTensor& input = *body_.message.mutable_inputs(i);
      if (!input.has_contents()) {
        body_.message.add_raw_input_contents(std::string(raws_[static_cast<size_t>(i)]));
        continue;
      }
      absl::StatusOr<std::string> raw =
          RawOfTyped(input, ParseDatatype(input.datatype()).value(), TypedCount(input.contents()));
      if (!raw.ok()) return raw.status();
      body_.message.add_raw_input_contents(*std::move(raw));
      input.clear_contents();
    }
    return absl::OkStatus();
  }

  absl::Status ReadOutputs(const json& request) {
    const json* outputs = Member(request, "outputs");
    if (outputs == nullptr) return absl::OkStatus();
    if (!outputs->is_array()) return WrongType("outputs", "an array of objects");
    for (size_t i = 0; i < outputs->size(); ++i) {
      const std::string where = StrCat("outputs[", i, "]: ");
      const json& object = (*outputs)[i];
      if (!object.is_object()) return WrongType(where + "it", "an object");
      auto& output = *body_.message.add_outputs();
      absl::Status status = ReadText(object, "name", where, output.mutable_name());
      if (status.ok()) status = ReadParameters(object, where, *output.mutable_parameters());
      if (!status.ok()) return status;
      const absl::StatusOr<std::optional<bool>> flag =
          TakeFlag(kBinaryOutput, where, *output.mutable_parameters());
      if (!flag.ok()) return flag.status();
      if (flag->has_value()) body_.binary.by_name[output.name()] = **flag;
    }
    return absl::OkStatus();
  }

  std::string_view binary_;
  const bool has_binary_;
  InferBody body_;
  std::vector<std::string_view> raws_;  // of the inputs; empty where they are not raw
  bool any_is_raw_ = false;
};

}  // namespace

absl::StatusOr<InferBody> DecodeInferBody(std::string_view body,
                                          std::optional<int64_t> json_bytes) {
  if (json_bytes.has_value() && (*json_bytes < 0 || *json_bytes > std::ssize(body))) {
    return absl::InvalidArgumentError(StrCat("Inference-Header-Content-Length is ", *json_bytes,
                                             "; the request has ", body.size(), " bytes"));
  }
  const size_t size = json_bytes.has_value() ? static_cast<size_t>(*json_bytes) : body.size();
  const absl::StatusOr<json> request = ParseStrictJson(body.substr(0, size), kInferJsonLimits);
  if (!request.ok()) return request.status();
  return BodyReader(body.substr(size), json_bytes.has_value()).Read(*request);
}

}  // namespace sta
