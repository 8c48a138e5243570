// SPDX-License-Identifier: Apache-2.0
#include "client/console/infer_json.h"

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "strings/str_cat.h"

namespace sta::client {
namespace {

constexpr int kMaxNesting = 16;  // of "data"; each level costs a stack frame

absl::Status Refuse(const std::string& where, const std::string& what) {
  return absl::InvalidArgumentError(StrCat(where, ": ", what));
}

// Calls `add` (T -> Status of one element) for every scalar below `node`, row-major.
template <typename Add>
absl::Status VisitScalars(const OrderedJson& node, const std::string& where, int depth,
                          const Add& add) {
  if (!node.is_array()) return add(node, where);
  if (depth == kMaxNesting) {
    return Refuse(where, StrCat("nested deeper than ", kMaxNesting, " arrays"));
  }
  for (size_t i = 0; i < node.size(); ++i) {
    const absl::Status status = VisitScalars(node[i], StrCat(where, "[", i, "]"), depth + 1, add);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

template <typename T>
absl::Status AppendInteger(const OrderedJson& node, const std::string& where, std::string* raw) {
  // nlohmann keeps a non-negative integer as unsigned, a negative one as signed.
  const bool fits =
      node.is_number_unsigned()
          ? node.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<T>::max())
          : node.is_number_integer() && std::is_signed_v<T> &&
                node.get<int64_t>() >= static_cast<int64_t>(std::numeric_limits<T>::min());
  if (!fits) {
    return Refuse(
        where, StrCat(JsonLine(node), " is not an integer in ", std::numeric_limits<T>::min(), "..",
                      std::numeric_limits<T>::max()));
  }
  const T value = node.is_number_unsigned() ? static_cast<T>(node.get<uint64_t>())
                                            : static_cast<T>(node.get<int64_t>());
  raw->append(reinterpret_cast<const char*>(&value), sizeof(value));
  return absl::OkStatus();
}

template <typename T>
absl::Status AppendFloat(const OrderedJson& node, const std::string& where, std::string* raw) {
  if (!node.is_number() || std::fabs(node.get<double>()) > std::numeric_limits<T>::max()) {
    return Refuse(where, StrCat(JsonLine(node), " is not a number that fits the datatype"));
  }
  const T value = static_cast<T>(node.get<double>());
  raw->append(reinterpret_cast<const char*>(&value), sizeof(value));
  return absl::OkStatus();
}

absl::Status AppendScalar(const OrderedJson& node, const std::string& where, DataType type,
                          std::string* raw) {
  switch (type) {
    case DataType::kBool:
      if (!node.is_boolean()) return Refuse(where, JsonLine(node) + " is not true or false");
      raw->push_back(node.get<bool>() ? 1 : 0);
      return absl::OkStatus();
    case DataType::kUint8:
      return AppendInteger<uint8_t>(node, where, raw);
    case DataType::kUint16:
      return AppendInteger<uint16_t>(node, where, raw);
    case DataType::kUint32:
      return AppendInteger<uint32_t>(node, where, raw);
    case DataType::kUint64:
      return AppendInteger<uint64_t>(node, where, raw);
    case DataType::kInt8:
      return AppendInteger<int8_t>(node, where, raw);
    case DataType::kInt16:
      return AppendInteger<int16_t>(node, where, raw);
    case DataType::kInt32:
      return AppendInteger<int32_t>(node, where, raw);
    case DataType::kInt64:
      return AppendInteger<int64_t>(node, where, raw);
    case DataType::kFp32:
      return AppendFloat<float>(node, where, raw);
    case DataType::kFp64:
      return AppendFloat<double>(node, where, raw);
    case DataType::kBytes:
      if (!node.is_string()) return Refuse(where, JsonLine(node) + " is not a string");
      *raw += Tensor::OfStrings("", {{node.get<std::string>()}}).data;
      return absl::OkStatus();
    case DataType::kFp16:
    case DataType::kBf16:
      return Refuse(where, StrCat("datatype ", DataTypeName(type), " has no JSON form"));
  }
  return Refuse(where, "unknown datatype");
}

absl::StatusOr<std::string> StringMember(const OrderedJson& object, const char* key,
                                         const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) {
    return Refuse(where, StrCat("wants a string \"", key, "\""));
  }
  return found->get<std::string>();
}

absl::Status CheckKeys(const OrderedJson& object, const std::string& where,
                       const std::vector<std::string>& allowed) {
  for (const auto& [key, value] : object.items()) {
    bool known = false;
    for (const std::string& name : allowed) known = known || name == key;
    if (!known) return Refuse(where, StrCat("unknown key \"", key, "\""));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<int64_t>> ParseShape(const OrderedJson& input,
                                                const std::string& where) {
  const auto found = input.find("shape");
  if (found == input.end() || !found->is_array()) {
    return Refuse(where, "wants an array \"shape\"");
  }
  std::vector<int64_t> shape;
  for (const OrderedJson& dimension : *found) {
    if (!dimension.is_number_integer()) {
      return Refuse(where + ".shape", JsonLine(dimension) + " is not an integer");
    }
    shape.push_back(dimension.get<int64_t>());
  }
  return shape;
}

absl::StatusOr<Tensor> ParseInput(const OrderedJson& input, const std::string& where) {
  if (!input.is_object()) return Refuse(where, "is not an object");
  if (absl::Status status = CheckKeys(input, where, {"name", "datatype", "shape", "data"});
      !status.ok()) {
    return status;
  }
  Tensor tensor;
  absl::StatusOr<std::string> name = StringMember(input, "name", where);
  if (!name.ok()) return name.status();
  tensor.name = *std::move(name);
  const absl::StatusOr<std::string> datatype = StringMember(input, "datatype", where);
  if (!datatype.ok()) return datatype.status();
  const absl::StatusOr<DataType> type = ParseDataType(*datatype);
  if (!type.ok()) return Refuse(where + ".datatype", std::string(type.status().message()));
  tensor.datatype = *type;
  absl::StatusOr<std::vector<int64_t>> shape = ParseShape(input, where);
  if (!shape.ok()) return shape.status();
  tensor.shape = *std::move(shape);

  const auto data = input.find("data");
  if (data == input.end() || !data->is_array()) return Refuse(where, "wants an array \"data\"");
  const auto add = [&](const OrderedJson& scalar, const std::string& place) {
    return AppendScalar(scalar, place, tensor.datatype, &tensor.data);
  };
  if (absl::Status status = VisitScalars(*data, where + ".data", 0, add); !status.ok()) {
    return status;
  }
  if (absl::Status status = tensor.Validate(); !status.ok()) {
    return Refuse(where, std::string(status.message()));
  }
  return tensor;
}

absl::StatusOr<Parameter> ParseParameter(const OrderedJson& value, const std::string& where) {
  if (value.is_boolean()) return Parameter(value.get<bool>());
  if (value.is_string()) return Parameter(value.get<std::string>());
  if (value.is_number_float()) return Parameter(value.get<double>());
  if (value.is_number_integer()) {
    if (value.is_number_unsigned() &&
        value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Refuse(where, JsonLine(value) + " is over 2^63 - 1");
    }
    return Parameter(value.get<int64_t>());
  }
  return Refuse(where, "is not a boolean, number or string");
}

// The member `key`, checked to be of a container kind; null where it is not there.
absl::StatusOr<const OrderedJson*> Container(const OrderedJson& root, const char* key,
                                             OrderedJson::value_t kind, const char* kind_name) {
  const auto found = root.find(key);
  if (found == root.end()) return nullptr;
  if (found->type() != kind) return Refuse(key, StrCat("is not ", kind_name));
  return &*found;
}

absl::Status ParseInputs(const OrderedJson& root, InferRequest* request) {
  const auto inputs = Container(root, "inputs", OrderedJson::value_t::array, "an array");
  if (!inputs.ok()) return inputs.status();
  if (*inputs == nullptr || (*inputs)->empty()) {
    return Refuse("request", "wants an array \"inputs\" of at least one tensor");
  }
  for (size_t i = 0; i < (*inputs)->size(); ++i) {
    absl::StatusOr<Tensor> tensor = ParseInput((**inputs)[i], StrCat("inputs[", i, "]"));
    if (!tensor.ok()) return tensor.status();
    request->inputs.push_back(*std::move(tensor));
  }
  return absl::OkStatus();
}

absl::Status ParseOutputs(const OrderedJson& root, InferRequest* request) {
  const auto outputs = Container(root, "outputs", OrderedJson::value_t::array, "an array");
  if (!outputs.ok()) return outputs.status();
  if (*outputs == nullptr) return absl::OkStatus();
  for (size_t i = 0; i < (*outputs)->size(); ++i) {
    const std::string where = StrCat("outputs[", i, "]");
    const OrderedJson& output = (**outputs)[i];
    if (!output.is_object()) return Refuse(where, "is not an object");
    absl::StatusOr<std::string> name = StringMember(output, "name", where);
    if (!name.ok()) return name.status();
    request->outputs.push_back(*std::move(name));
  }
  return absl::OkStatus();
}

absl::Status ParseParameters(const OrderedJson& root, InferRequest* request) {
  const auto table = Container(root, "parameters", OrderedJson::value_t::object, "an object");
  if (!table.ok()) return table.status();
  if (*table == nullptr) return absl::OkStatus();
  for (const auto& [key, value] : (*table)->items()) {
    absl::StatusOr<Parameter> parameter = ParseParameter(value, StrCat("parameters.", key));
    if (!parameter.ok()) return parameter.status();
    request->parameters[key] = *std::move(parameter);
  }
  return absl::OkStatus();
}

template <typename T>
OrderedJson ScalarArray(const Tensor& tensor) {
  OrderedJson array = OrderedJson::array();
  const absl::StatusOr<std::vector<T>> values = tensor.Values<T>();
  if (values.ok()) array = *values;
  return array;
}

absl::StatusOr<OrderedJson> DataToJson(const Tensor& tensor) {
  switch (tensor.datatype) {
    case DataType::kBool: {
      OrderedJson array = OrderedJson::array();
      for (const char byte : tensor.data) array.push_back(byte != 0);
      return array;
    }
    case DataType::kUint8:
      return ScalarArray<uint8_t>(tensor);
    case DataType::kUint16:
      return ScalarArray<uint16_t>(tensor);
    case DataType::kUint32:
      return ScalarArray<uint32_t>(tensor);
    case DataType::kUint64:
      return ScalarArray<uint64_t>(tensor);
    case DataType::kInt8:
      return ScalarArray<int8_t>(tensor);
    case DataType::kInt16:
      return ScalarArray<int16_t>(tensor);
    case DataType::kInt32:
      return ScalarArray<int32_t>(tensor);
    case DataType::kInt64:
      return ScalarArray<int64_t>(tensor);
    case DataType::kFp32: {
      const absl::StatusOr<std::vector<float>> values = tensor.Values<float>();
      if (!values.ok()) return values.status();
      return FloatArray(*values);
    }
    case DataType::kFp64:
      return ScalarArray<double>(tensor);
    case DataType::kBytes: {
      const absl::StatusOr<std::vector<std::string>> values = tensor.Strings();
      if (!values.ok()) return values.status();
      return OrderedJson(*values);
    }
    case DataType::kFp16:
    case DataType::kBf16:
      break;
  }
  return absl::InvalidArgumentError(StrCat("output '", tensor.name, "': datatype ",
                                           DataTypeName(tensor.datatype), " has no JSON form"));
}

}  // namespace

absl::StatusOr<InferRequest> ParseInferRequest(std::string_view json) {
  const OrderedJson root = OrderedJson::parse(json, nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded()) return Refuse("request", "is not valid JSON");
  if (!root.is_object()) return Refuse("request", "is not a JSON object");
  InferRequest request;
  if (absl::Status status = CheckKeys(root, "request", {"id", "inputs", "outputs", "parameters"});
      !status.ok()) {
    return status;
  }
  if (root.contains("id")) {
    absl::StatusOr<std::string> id = StringMember(root, "id", "request");
    if (!id.ok()) return id.status();
    request.id = *std::move(id);
  }
  if (absl::Status status = ParseInputs(root, &request); !status.ok()) return status;
  if (absl::Status status = ParseOutputs(root, &request); !status.ok()) return status;
  if (absl::Status status = ParseParameters(root, &request); !status.ok()) return status;
  return request;
}

absl::StatusOr<OrderedJson> InferResultToJson(const InferResult& result) {
  OrderedJson outputs = OrderedJson::array();
  for (const Tensor& tensor : result.outputs) {
    absl::StatusOr<OrderedJson> data = DataToJson(tensor);
    if (!data.ok()) return data.status();
    outputs.push_back({{"name", tensor.name},
                       {"datatype", std::string(DataTypeName(tensor.datatype))},
                       {"shape", tensor.shape},
                       {"data", *std::move(data)}});
  }
  OrderedJson json = {{"model_name", result.model}, {"model_version", result.version}};
  if (!result.id.empty()) json["id"] = result.id;
  json["outputs"] = std::move(outputs);
  return json;
}

}  // namespace sta::client
