// SPDX-License-Identifier: Apache-2.0
//
// A request for a diagnostic model, from the wire: what came is checked against what the model's
// config declares.
//
//   auto request = DecodeDiagnosticRequest(message, model.config());
//
// Pure and thread-safe; the result has views into `message`.
#ifndef SERVER_SERVICES_DIAGNOSTIC_REQUEST_H_
#define SERVER_SERVICES_DIAGNOSTIC_REQUEST_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "inference/open_inference_grpc.pb.h"
#include "model_store/package/diagnostic_config.h"

namespace sta {

struct DiagnosticRequest {
  // One for each declared input, in the config's order: raw contents of whole elements.
  std::vector<std::string_view> inputs;
  std::vector<std::span<const int64_t>> shapes;
  // Places in the config's outputs, in the order of the reply; no two alike.
  std::vector<size_t> outputs;
  // What came typed; `inputs` has views of it.
  std::deque<std::string> converted;
};

// Every declared input is needed, typed or raw, with its datatype and dims, and all of a batching
// model with one batch. INVALID_ARGUMENT, with the place, the value and what is allowed, for all
// that is wrong. Unknown parameters are let pass.
absl::StatusOr<DiagnosticRequest> DecodeDiagnosticRequest(
    const inference::ModelInferRequest& message, const DiagnosticConfig& config);

}  // namespace sta

#endif  // SERVER_SERVICES_DIAGNOSTIC_REQUEST_H_
