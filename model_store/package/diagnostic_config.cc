// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/diagnostic_config.h"

#include <algorithm>
#include <set>
#include <utility>

#include "model_store/json/strict_json.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr std::string_view kDiagnosticSection = "sta";
constexpr int64_t kMaxDelayUs = 60'000'000;
constexpr int64_t kMaxBatchSize = 65536;
constexpr int64_t kMaxTensors = 64;
constexpr int64_t kMaxDims = 8;
constexpr int64_t kMaxDim = int64_t{1} << 30;
constexpr int64_t kMaxElements = int64_t{1} << 32;  // of the dims that are fixed
constexpr size_t kMaxNameBytes = 128;

absl::Status CheckRange(std::string_view key, int64_t value, int64_t highest) {
  if (value >= 0 && value <= highest) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat(key, " is ", value, ", allowed are 0..", highest));
}

bool IsTensorName(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= kMaxNameBytes &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

absl::Status CheckDims(const DeclaredTensor& tensor) {
  if (std::ssize(tensor.dims) > kMaxDims) {
    return absl::InvalidArgumentError(StrCat("tensor '", tensor.name, "' has ", tensor.dims.size(),
                                             " dims, allowed are ", kMaxDims));
  }
  int64_t elements = 1;
  for (const int64_t dim : tensor.dims) {
    if (dim != -1 && (dim < 1 || dim > kMaxDim)) {
      return absl::InvalidArgumentError(
          StrCat("tensor '", tensor.name, "': dim ", dim, " is neither -1 nor in 1..", kMaxDim));
    }
    // At most 2^32 times 2^30: no overflow.
    if (dim != -1) elements *= dim;
    if (elements > kMaxElements) {
      return absl::InvalidArgumentError(
          StrCat("tensor '", tensor.name, "' has more than ", kMaxElements, " elements"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTensors(std::string_view what, const std::vector<DeclaredTensor>& tensors) {
  if (tensors.empty() || std::ssize(tensors) > kMaxTensors) {
    return absl::InvalidArgumentError(
        StrCat("there are ", tensors.size(), " ", what, ", allowed are 1..", kMaxTensors));
  }
  std::set<std::string_view> names;
  for (const DeclaredTensor& tensor : tensors) {
    if (!IsTensorName(tensor.name)) {
      return absl::InvalidArgumentError(
          StrCat(what, ": name '", std::string_view(tensor.name).substr(0, 64), "' is not 1..",
                 kMaxNameBytes, " letters, digits, '.', '_' and '-'"));
    }
    if (!names.insert(tensor.name).second) {
      return absl::InvalidArgumentError(StrCat(what, ": '", tensor.name, "' is there twice"));
    }
    if (absl::Status dims = CheckDims(tensor); !dims.ok()) return dims;
  }
  return absl::OkStatus();
}

absl::Status CheckSame(const DeclaredTensor& tensor, const DeclaredTensor& like) {
  if (tensor.datatype == like.datatype && tensor.dims == like.dims) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("'", tensor.name, "' must have the datatype and dims of '", like.name, "'"));
}

absl::Status CheckAddSub(const DiagnosticConfig& config) {
  if (config.inputs.size() != 2 || config.outputs.size() != 2) {
    return absl::InvalidArgumentError("add_sub needs two inputs and two outputs");
  }
  switch (const Datatype datatype = config.inputs.front().datatype) {
    case Datatype::kBool:
    case Datatype::kFp16:
    case Datatype::kBf16:
      return absl::InvalidArgumentError(
          StrCat("add_sub does not compute ", DatatypeName(datatype),
                 "; allowed are integers, FP32, FP64, and BYTES that are decimal integers"));
    default:
      break;
  }
  absl::Status same = CheckSame(config.inputs[1], config.inputs[0]);
  for (const DeclaredTensor& output : config.outputs) {
    same.Update(CheckSame(output, config.inputs[0]));
  }
  return same;
}

absl::Status CheckIdentity(const DiagnosticConfig& config) {
  if (config.inputs.size() != config.outputs.size()) {
    return absl::InvalidArgumentError(StrCat("identity needs an output for each input; there are ",
                                             config.inputs.size(), " and ", config.outputs.size()));
  }
  absl::Status same;
  for (size_t i = 0; i < config.inputs.size(); ++i) {
    same.Update(CheckSame(config.outputs[i], config.inputs[i]));
  }
  return same;
}

absl::StatusOr<DeclaredTensor> ReadTensor(const nlohmann::json& json) {
  DeclaredTensor tensor;
  absl::StatusOr<std::string> name = GetString(json, "name");
  if (!name.ok()) return name.status();
  tensor.name = *std::move(name);
  const absl::StatusOr<std::string> datatype_name = GetString(json, "datatype");
  if (!datatype_name.ok()) return datatype_name.status();
  const absl::StatusOr<Datatype> datatype = ParseDatatype(*datatype_name);
  if (!datatype.ok()) return datatype.status();
  tensor.datatype = *datatype;
  const auto dims = json.find("dims");
  if (dims == json.end() || !dims->is_array()) {
    return absl::InvalidArgumentError("key 'dims' must be a list of integers");
  }
  for (const nlohmann::json& dim : *dims) {
    // What does not fit an int64 is unsigned or floating there.
    if (!dim.is_number_integer() || (dim.is_number_unsigned() && dim.get<uint64_t>() > kMaxDim)) {
      return absl::InvalidArgumentError(
          StrCat("key 'dims' must be a list of integers, -1 or 1..", kMaxDim));
    }
    tensor.dims.push_back(dim.get<int64_t>());
  }
  return tensor;
}

absl::StatusOr<std::vector<DeclaredTensor>> ReadTensors(const nlohmann::json& section,
                                                        std::string_view key) {
  const auto found = section.find(key);
  if (found == section.end() || !found->is_array()) {
    return absl::InvalidArgumentError(StrCat("key '", key, "' must be a list of tensors"));
  }
  std::vector<DeclaredTensor> tensors;
  for (const nlohmann::json& element : *found) {
    absl::StatusOr<DeclaredTensor> tensor = ReadTensor(element);
    if (!tensor.ok()) {
      return absl::InvalidArgumentError(
          StrCat(key, "[", tensors.size(), "]: ", StdView(tensor.status().message())));
    }
    tensors.push_back(*std::move(tensor));
  }
  return tensors;
}

nlohmann::json TensorsJson(const std::vector<DeclaredTensor>& tensors) {
  nlohmann::json list = nlohmann::json::array();
  for (const DeclaredTensor& tensor : tensors) {
    list.push_back({{"name", tensor.name},
                    {"datatype", DatatypeName(tensor.datatype)},
                    {"dims", tensor.dims}});
  }
  return list;
}

}  // namespace

std::string_view OperationName(DiagnosticOperation operation) {
  return operation == DiagnosticOperation::kIdentity ? "identity" : "add_sub";
}

absl::StatusOr<DiagnosticOperation> ParseOperation(std::string_view name) {
  for (const DiagnosticOperation operation :
       {DiagnosticOperation::kIdentity, DiagnosticOperation::kAddSub}) {
    if (name == OperationName(operation)) return operation;
  }
  return absl::InvalidArgumentError(
      StrCat("operation '", name.substr(0, 64), "' is not known; allowed are identity add_sub"));
}

absl::Status CheckDiagnosticConfig(const DiagnosticConfig& config) {
  absl::Status status = CheckRange("delay_us", config.delay_us, kMaxDelayUs);
  status.Update(CheckRange("max_batch_size", config.max_batch_size, kMaxBatchSize));
  status.Update(CheckTensors("inputs", config.inputs));
  status.Update(CheckTensors("outputs", config.outputs));
  if (!status.ok()) return status;
  return config.operation == DiagnosticOperation::kIdentity ? CheckIdentity(config)
                                                            : CheckAddSub(config);
}

absl::StatusOr<DiagnosticConfig> ParseDiagnosticConfig(std::string_view json) {
  const absl::StatusOr<nlohmann::json> document = ParseStrictJson(json);
  if (!document.ok()) return document.status();
  if (!document->is_object() || !document->contains(kDiagnosticSection) ||
      !(*document)[kDiagnosticSection].is_object()) {
    return absl::InvalidArgumentError("there is no 'sta' section: not a config.json of a package");
  }
  const nlohmann::json& section = (*document)[kDiagnosticSection];
  DiagnosticConfig config;
  const absl::StatusOr<std::string> operation_name = GetString(section, "operation");
  if (!operation_name.ok()) return operation_name.status();
  const absl::StatusOr<DiagnosticOperation> operation = ParseOperation(*operation_name);
  if (!operation.ok()) return operation.status();
  config.operation = *operation;
  for (const auto& [key, highest, out] :
       {std::tuple{"delay_us", kMaxDelayUs, &config.delay_us},
        std::tuple{"max_batch_size", kMaxBatchSize, &config.max_batch_size}}) {
    const absl::StatusOr<int64_t> value = GetInteger(section, key, 0, highest);
    if (!value.ok()) return value.status();
    *out = *value;
  }
  for (const auto& [key, out] :
       {std::pair{"inputs", &config.inputs}, std::pair{"outputs", &config.outputs}}) {
    absl::StatusOr<std::vector<DeclaredTensor>> tensors = ReadTensors(section, key);
    if (!tensors.ok()) return tensors.status();
    *out = *std::move(tensors);
  }
  if (absl::Status sound = CheckDiagnosticConfig(config); !sound.ok()) return sound;
  return config;
}

std::string FormatDiagnosticConfig(const DiagnosticConfig& config) {
  const nlohmann::json document = {{kDiagnosticSection,
                                    {{"operation", OperationName(config.operation)},
                                     {"delay_us", config.delay_us},
                                     {"max_batch_size", config.max_batch_size},
                                     {"inputs", TensorsJson(config.inputs)},
                                     {"outputs", TensorsJson(config.outputs)}}}};
  return document.dump(2) + "\n";
}

}  // namespace sta
