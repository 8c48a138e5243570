// SPDX-License-Identifier: Apache-2.0
#include "server/services/shared_tensors.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "server/services/infer_parameters.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;

constexpr const char* kRegion = "shared_memory_region";
constexpr const char* kByteSize = "shared_memory_byte_size";
constexpr const char* kOffset = "shared_memory_offset";

// Where a tensor is.
struct SharedPlace {
  std::string region;
  uint64_t offset = 0;
  uint64_t byte_size = 0;
};

absl::StatusOr<uint64_t> SizeParameter(std::string_view tensor, const ParameterMap& parameters,
                                       const char* name) {
  const absl::StatusOr<int64_t> value = IntegerParameter(parameters, name, 0);
  if (value.ok()) return static_cast<uint64_t>(*value);
  return absl::InvalidArgumentError(StrCat("'", tensor, "': ", value.status().message()));
}

// Of a tensor whose parameters name a region.
absl::StatusOr<SharedPlace> PlaceOf(std::string_view tensor, const ParameterMap& parameters) {
  const inference::InferParameter& region = parameters.at(kRegion);
  if (!region.has_string_param()) {
    return absl::InvalidArgumentError(
        StrCat("'", tensor, "': parameter '", kRegion, "' is no string; allowed: string_param"));
  }
  const absl::StatusOr<uint64_t> offset = SizeParameter(tensor, parameters, kOffset);
  if (!offset.ok()) return offset.status();
  const absl::StatusOr<uint64_t> byte_size = SizeParameter(tensor, parameters, kByteSize);
  if (!byte_size.ok()) return byte_size.status();
  return SharedPlace{.region = region.string_param(), .offset = *offset, .byte_size = *byte_size};
}

bool IsShared(const ModelInferRequest::InferInputTensor& input) {
  return input.parameters().contains(kRegion);
}

// The bytes of one input; takes them off `bytes_left`.
absl::StatusOr<std::string> Fetch(const ModelInferRequest::InferInputTensor& input,
                                  const SharedMemory& memory, uint64_t& bytes_left) {
  const absl::StatusOr<SharedPlace> place = PlaceOf(input.name(), input.parameters());
  if (!place.ok()) return place.status();
  if (place->byte_size > bytes_left) {
    return absl::InvalidArgumentError(
        StrCat("'", input.name(), "': ", place->byte_size,
               " bytes of shared memory are over this server's limit for a request, of which ",
               bytes_left, " are left"));
  }
  bytes_left -= place->byte_size;
  const auto region = memory.Find(place->region);
  if (!region.ok()) return region.status();
  return (*region)->Read(place->offset, place->byte_size);
}

}  // namespace

absl::StatusOr<std::optional<ModelInferRequest>> FetchSharedInputs(const ModelInferRequest& request,
                                                                   const SharedMemory& memory,
                                                                   int64_t max_bytes) {
  const auto shared = std::ranges::count_if(request.inputs(), IsShared);
  if (shared == 0) return std::optional<ModelInferRequest>();
  const auto others = request.inputs_size() - shared;
  if (request.raw_input_contents_size() != others) {
    return absl::InvalidArgumentError(
        StrCat("raw_input_contents has ", request.raw_input_contents_size(), " entries for ",
               others, " inputs that are not in shared memory; allowed: one each, in their order"));
  }
  ModelInferRequest whole = request;
  whole.clear_raw_input_contents();
  auto bytes_left = static_cast<uint64_t>(max_bytes);
  int next_raw = 0;
  for (const ModelInferRequest::InferInputTensor& input : request.inputs()) {
    if (!IsShared(input)) {
      whole.add_raw_input_contents(request.raw_input_contents(next_raw++));
      continue;
    }
    absl::StatusOr<std::string> bytes = Fetch(input, memory, bytes_left);
    if (!bytes.ok()) return bytes.status();
    *whole.add_raw_input_contents() = *std::move(bytes);
  }
  return std::optional<ModelInferRequest>(std::move(whole));
}

absl::Status StoreSharedOutputs(const ModelInferRequest& request, const SharedMemory& memory,
                                ModelInferResponse& response) {
  for (const ModelInferRequest::InferRequestedOutputTensor& wanted : request.outputs()) {
    if (!wanted.parameters().contains(kRegion)) continue;
    const absl::StatusOr<SharedPlace> place = PlaceOf(wanted.name(), wanted.parameters());
    if (!place.ok()) return place.status();
    const auto region = memory.Find(place->region);
    if (!region.ok()) return region.status();
    for (int i = 0; i < response.outputs_size(); ++i) {
      ModelInferResponse::InferOutputTensor& output = *response.mutable_outputs(i);
      if (output.name() != wanted.name()) continue;
      std::string& raw = *response.mutable_raw_output_contents(i);
      if (raw.size() > place->byte_size) {
        return absl::InvalidArgumentError(StrCat("output '", output.name(), "' has ", raw.size(),
                                                 " bytes, and parameter '", kByteSize,
                                                 "' gives it ", place->byte_size));
      }
      absl::Status written = (*region)->Write(place->offset, raw);
      if (!written.ok()) return written;
      auto& parameters = *output.mutable_parameters();
      parameters[kRegion].set_string_param(place->region);
      parameters[kByteSize].set_int64_param(static_cast<int64_t>(raw.size()));
      if (place->offset > 0) {
        parameters[kOffset].set_int64_param(static_cast<int64_t>(place->offset));
      }
      raw.clear();
    }
  }
  return absl::OkStatus();
}

}  // namespace sta
