// SPDX-License-Identifier: Apache-2.0
#include "server/services/diagnostic_request.h"

#include <algorithm>
#include <utility>

#include "server/services/tensor_checks.h"
#include "server/services/typed_elements.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using inference::ModelInferRequest;
using InputTensor = ModelInferRequest::InferInputTensor;

std::string DeclaredNames(const std::vector<DeclaredTensor>& tensors) {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const DeclaredTensor& tensor : tensors) names.emplace_back(tensor.name);
  return JoinNames(names);
}

// tensors.size() where there is none of that name.
size_t PlaceOf(const std::vector<DeclaredTensor>& tensors, std::string_view name) {
  const auto found = std::ranges::find(tensors, name, &DeclaredTensor::name);
  return static_cast<size_t>(found - tensors.begin());
}

// "[1..8,16]", "[any,16]".
std::string AllowedShape(const DeclaredTensor& tensor, int64_t max_batch_size) {
  std::string text;
  if (max_batch_size > 0) text = StrCat("1..", max_batch_size);
  for (const int64_t dim : tensor.dims) {
    StrAppend(&text, text.empty() ? "" : ",", dim == -1 ? "any" : StrCat(dim));
  }
  return StrCat("[", text, "]");
}

bool IsAllowed(const google::protobuf::RepeatedField<int64_t>& shape, const DeclaredTensor& tensor,
               int64_t max_batch_size) {
  const int batch_dims = max_batch_size > 0 ? 1 : 0;
  if (shape.size() != batch_dims + static_cast<int>(tensor.dims.size())) return false;
  if (batch_dims == 1 && (shape.Get(0) < 1 || shape.Get(0) > max_batch_size)) return false;
  for (size_t i = 0; i < tensor.dims.size(); ++i) {
    const int64_t size = shape.Get(batch_dims + static_cast<int>(i));
    if (tensor.dims[i] == -1 ? size < 0 : size != tensor.dims[i]) return false;
  }
  return true;
}

absl::StatusOr<int64_t> ElementCount(const InputTensor& input) {
  int64_t count = 1;
  bool overflows = false;
  for (const int64_t size : input.shape()) {
    overflows = __builtin_mul_overflow(count, size, &count) || overflows;
  }
  // So that its bytes can be counted, too.
  if (!overflows && count < int64_t{1} << 48) return count;
  return absl::InvalidArgumentError(
      StrCat(input.name(), ": shape ", ShapeText(input.shape()), " is too large"));
}

absl::Status CheckRaw(const InputTensor& input, Datatype datatype, std::string_view raw,
                      int64_t count) {
  if (datatype == Datatype::kBytes) return SplitRawBytes(input.name(), raw, count).status();
  const int64_t bytes = count * ElementBytes(datatype);
  if (std::ssize(raw) == bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat(input.name(), ": raw contents have ", raw.size(),
                                           " bytes, but shape ", ShapeText(input.shape()), " of ",
                                           input.datatype(), " has ", bytes));
}

// Input `place` of the config; `raw` is null where its elements came typed.
absl::Status DecodeInput(const InputTensor& input, const std::string* raw,
                         const DiagnosticConfig& config, size_t place, DiagnosticRequest& request) {
  const DeclaredTensor& tensor = config.inputs[place];
  if (input.datatype() != DatatypeName(tensor.datatype)) {
    return absl::InvalidArgumentError(StrCat(input.name(), ": datatype ", Quoted(input.datatype()),
                                             "; allowed: ", DatatypeName(tensor.datatype)));
  }
  if (!IsAllowed(input.shape(), tensor, config.max_batch_size)) {
    return absl::InvalidArgumentError(
        StrCat(input.name(), ": shape ", ShapeText(input.shape()),
               "; allowed: ", AllowedShape(tensor, config.max_batch_size)));
  }
  const absl::StatusOr<int64_t> count = ElementCount(input);
  if (!count.ok()) return count.status();
  request.shapes[place] = std::span(input.shape().data(), static_cast<size_t>(input.shape_size()));
  if (raw != nullptr) {
    if (TypedCount(input.contents()) != 0) {
      return absl::InvalidArgumentError(
          StrCat(input.name(), ": typed contents and raw_input_contents are mixed; ",
                 "allowed: one of the two for all inputs"));
    }
    request.inputs[place] = *raw;
    return CheckRaw(input, tensor.datatype, *raw, *count);
  }
  absl::StatusOr<std::string> converted = RawOfTyped(input, tensor.datatype, *count);
  if (!converted.ok()) return converted.status();
  request.inputs[place] = request.converted.emplace_back(*std::move(converted));
  return absl::OkStatus();
}

absl::Status DecodeInputs(const ModelInferRequest& message, const DiagnosticConfig& config,
                          DiagnosticRequest& request) {
  const bool is_raw = message.raw_input_contents_size() > 0;
  if (is_raw && message.raw_input_contents_size() != message.inputs_size()) {
    return absl::InvalidArgumentError(
        StrCat("raw_input_contents has ", message.raw_input_contents_size(), " entries for ",
               message.inputs_size(), " inputs; allowed: one an input, in the same order"));
  }
  std::vector<bool> is_given(config.inputs.size());
  for (int i = 0; i < message.inputs_size(); ++i) {
    const InputTensor& input = message.inputs(i);
    const size_t place = PlaceOf(config.inputs, input.name());
    if (place == config.inputs.size()) {
      return absl::InvalidArgumentError(
          StrCat("unknown input ", Quoted(input.name()),
                 "; this model takes: ", DeclaredNames(config.inputs)));
    }
    if (is_given[place]) {
      return absl::InvalidArgumentError(StrCat("input '", input.name(), "' is given twice"));
    }
    is_given[place] = true;
    absl::Status decoded = DecodeInput(input, is_raw ? &message.raw_input_contents(i) : nullptr,
                                       config, place, request);
    if (!decoded.ok()) return decoded;
  }
  const auto missing = std::ranges::find(is_given, false);
  if (missing == is_given.end()) return absl::OkStatus();
  const auto place = static_cast<size_t>(missing - is_given.begin());
  return absl::InvalidArgumentError(
      StrCat("input '", config.inputs[place].name,
             "' is missing; this model takes: ", DeclaredNames(config.inputs)));
}

// Inputs of add_sub have one shape; those of a batching model one batch.
absl::Status CheckShapesTogether(const DiagnosticConfig& config, const DiagnosticRequest& request) {
  const std::span<const int64_t> first = request.shapes.front();
  for (size_t i = 1; i < request.shapes.size(); ++i) {
    const std::span<const int64_t> shape = request.shapes[i];
    if (config.max_batch_size > 0 && shape.front() != first.front()) {
      return absl::InvalidArgumentError(StrCat(config.inputs[i].name, ": a batch of ",
                                               shape.front(), ", but ", config.inputs.front().name,
                                               " has ", first.front()));
    }
    if (config.operation == DiagnosticOperation::kAddSub && !std::ranges::equal(shape, first)) {
      return absl::InvalidArgumentError(StrCat(config.inputs[i].name,
                                               ": another shape than that of ",
                                               config.inputs.front().name, ", to be added to it"));
    }
  }
  return absl::OkStatus();
}

absl::Status DecodeWanted(const ModelInferRequest& message, const DiagnosticConfig& config,
                          DiagnosticRequest& request) {
  if (message.outputs().empty()) {
    for (size_t i = 0; i < config.outputs.size(); ++i) request.outputs.push_back(i);
    return absl::OkStatus();
  }
  for (const auto& wanted : message.outputs()) {
    const size_t place = PlaceOf(config.outputs, wanted.name());
    if (place == config.outputs.size()) {
      return absl::InvalidArgumentError(
          StrCat("unknown output ", Quoted(wanted.name()),
                 "; this model gives: ", DeclaredNames(config.outputs)));
    }
    if (std::ranges::find(request.outputs, place) != request.outputs.end()) {
      return absl::InvalidArgumentError(StrCat("output '", wanted.name(), "' is requested twice"));
    }
    for (const char* parameter : {"classification", "sta_datatype"}) {
      if (wanted.parameters().contains(parameter)) {
        return absl::InvalidArgumentError(StrCat("output '", wanted.name(), "': parameter '",
                                                 parameter,
                                                 "' is not offered by a diagnostic model"));
      }
    }
    request.outputs.push_back(place);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DiagnosticRequest> DecodeDiagnosticRequest(const ModelInferRequest& message,
                                                          const DiagnosticConfig& config) {
  if (message.parameters().contains("sta_datatype")) {
    return absl::InvalidArgumentError(
        "parameter 'sta_datatype' is not offered by a diagnostic model");
  }
  DiagnosticRequest request;
  request.inputs.resize(config.inputs.size());
  request.shapes.resize(config.inputs.size());
  absl::Status decoded = DecodeInputs(message, config, request);
  if (decoded.ok()) decoded = CheckShapesTogether(config, request);
  if (decoded.ok()) decoded = DecodeWanted(message, config, request);
  if (!decoded.ok()) return decoded;
  return request;
}

}  // namespace sta
