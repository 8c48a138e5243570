// SPDX-License-Identifier: Apache-2.0
#include "server/services/model_messages.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>
#include <vector>

#include "server/services/model_signature.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using TensorMetadata = inference::ModelMetadataResponse::TensorMetadata;

constexpr const char* kPlatform = "sta_nm_encoder";

constexpr const char* kDiagnosticPlatform = "sta_diagnostic";

std::map<std::string, std::string> Properties(const DiagnosticModel& model) {
  const DiagnosticConfig& config = model.config();
  return {{"operation", std::string(OperationName(config.operation))},
          {"delay_us", StrCat(config.delay_us)}};
}

std::map<std::string, std::string> Properties(const LoadedModel& model) {
  const ModelConfig& config = model.config();
  return {{"task", std::string(TaskName(config.task))},
          {"max_sequence_tokens", StrCat(config.max_sequence_tokens)},
          {"text_truncation_tokens", StrCat(config.text_truncation_tokens)},
          {"arithmetic_version", StrCat(model.manifest().arithmetic_version)}};
}

void FillTensors(const std::vector<TensorSpec>& specs,
                 google::protobuf::RepeatedPtrField<TensorMetadata>* tensors) {
  for (const TensorSpec& spec : specs) {
    TensorMetadata& tensor = *tensors->Add();
    tensor.set_name(spec.name);
    tensor.set_datatype(spec.datatype);
    tensor.mutable_shape()->Add(spec.shape.begin(), spec.shape.end());
  }
}

inference::DataType DataTypeOf(std::string_view datatype) {
  // The only one that the two forms name differently.
  if (datatype == "BYTES") return inference::TYPE_STRING;
  inference::DataType type = inference::TYPE_INVALID;
  inference::DataType_Parse(StrCat("TYPE_", datatype), &type);
  return type;
}

template <typename Tensor>
void FillConfigTensor(const TensorSpec& spec, Tensor& tensor) {
  tensor.set_name(spec.name);
  tensor.set_data_type(DataTypeOf(spec.datatype));
  tensor.mutable_dims()->Add(spec.shape.begin() + 1, spec.shape.end());  // the first are the rows
}

template <typename Integer>
Integer Clamped(int64_t value) {
  return static_cast<Integer>(std::min<int64_t>(value, std::numeric_limits<Integer>::max()));
}

void FillDiagnosticMetadata(const DiagnosticModel& model,
                            inference::ModelMetadataResponse& response) {
  const DiagnosticConfig& config = model.config();
  response.set_platform(kDiagnosticPlatform);
  FillTensors(DeclaredSpecs(config.inputs, config.max_batch_size), response.mutable_inputs());
  FillTensors(DeclaredSpecs(config.outputs, config.max_batch_size), response.mutable_outputs());
  for (const auto& [name, value] : Properties(model)) {
    (*response.mutable_properties())[name] = value;
  }
}

template <typename Tensor>
void FillDeclaredTensor(const DeclaredTensor& declared, Tensor& tensor) {
  tensor.set_name(declared.name);
  tensor.set_data_type(DataTypeOf(DatatypeName(declared.datatype)));
  tensor.mutable_dims()->Add(declared.dims.begin(), declared.dims.end());
}

void FillDiagnosticConfig(const DiagnosticModel& model, inference::ModelConfig& config) {
  const DiagnosticConfig& declared = model.config();
  config.set_platform(kDiagnosticPlatform);
  config.set_max_batch_size(Clamped<int32_t>(declared.max_batch_size));
  for (const DeclaredTensor& input : declared.inputs) {
    FillDeclaredTensor(input, *config.add_input());
  }
  for (const DeclaredTensor& output : declared.outputs) {
    FillDeclaredTensor(output, *config.add_output());
  }
  for (const auto& [name, value] : Properties(model)) {
    (*config.mutable_parameters())[name].set_string_value(value);
  }
}

}  // namespace

void FillModelMetadata(const ServedModel& served, std::span<const std::string> versions,
                       inference::ModelMetadataResponse& response) {
  response.set_name(served.name);
  for (const std::string& version : versions) response.add_versions(version);
  if (served.diagnostic != nullptr) return FillDiagnosticMetadata(*served.diagnostic, response);
  response.set_platform(kPlatform);
  FillTensors(InputSpecs(served.model->config()), response.mutable_inputs());
  FillTensors(OutputSpecs(served.model->config()), response.mutable_outputs());
  for (const auto& [name, value] : Properties(*served.model)) {
    (*response.mutable_properties())[name] = value;
  }
}

void FillModelConfig(const ServedModel& served, const ServingLimits& limits,
                     inference::ModelConfig& config) {
  config.set_name(served.name);
  config.set_backend("sta");
  if (served.diagnostic != nullptr) return FillDiagnosticConfig(*served.diagnostic, config);
  config.set_platform(kPlatform);
  config.set_max_batch_size(Clamped<int32_t>(limits.max_rows_per_request));
  for (const TensorSpec& spec : InputSpecs(served.model->config())) {
    inference::ModelInput& input = *config.add_input();
    FillConfigTensor(spec, input);
    input.set_optional(true);
  }
  for (const TensorSpec& spec : OutputSpecs(served.model->config())) {
    FillConfigTensor(spec, *config.add_output());
  }
  inference::ModelDynamicBatching& batching = *config.mutable_dynamic_batching();
  batching.set_max_queue_delay_microseconds(
      static_cast<uint64_t>(absl::ToInt64Microseconds(limits.max_queue_delay)));
  inference::ModelQueuePolicy& policy = *batching.mutable_default_queue_policy();
  policy.set_timeout_action(inference::ModelQueuePolicy::REJECT);
  policy.set_allow_timeout_override(true);
  policy.set_max_queue_size(Clamped<uint32_t>(limits.max_queue_requests));
  for (const auto& [name, value] : Properties(*served.model)) {
    (*config.mutable_parameters())[name].set_string_value(value);
  }
}

}  // namespace sta
