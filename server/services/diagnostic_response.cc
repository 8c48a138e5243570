// SPDX-License-Identifier: Apache-2.0
#include "server/services/diagnostic_response.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace sta {

absl::Status EncodeDiagnosticOutputs(const DiagnosticRequest& request, const DiagnosticModel& model,
                                     inference::ModelInferResponse& response) {
  const DiagnosticConfig& config = model.config();
  for (const size_t place : request.outputs) {
    absl::Status computed =
        model.Compute(place, request.inputs, *response.add_raw_output_contents());
    if (!computed.ok()) return computed;
    const std::span<const int64_t> shape = request.shapes[place];
    inference::ModelInferResponse::InferOutputTensor& output = *response.add_outputs();
    output.set_name(config.outputs[place].name);
    output.set_datatype(std::string(DatatypeName(config.outputs[place].datatype)));
    output.mutable_shape()->Add(shape.begin(), shape.end());
  }
  return absl::OkStatus();
}

}  // namespace sta
