// SPDX-License-Identifier: Apache-2.0
//
// The answer of a diagnostic model, on the wire.
#ifndef SERVER_SERVICES_DIAGNOSTIC_RESPONSE_H_
#define SERVER_SERVICES_DIAGNOSTIC_RESPONSE_H_

#include "absl/status/status.h"
#include "inference/open_inference_grpc.pb.h"
#include "model_store/model/diagnostic_model.h"
#include "server/services/diagnostic_request.h"

namespace sta {

// Computes what was asked for and appends it to `response`: raw contents. `request` was decoded by
// the config of `model`. INVALID_ARGUMENT: DiagnosticModel::Compute.
absl::Status EncodeDiagnosticOutputs(const DiagnosticRequest& request, const DiagnosticModel& model,
                                     inference::ModelInferResponse& response);

}  // namespace sta

#endif  // SERVER_SERVICES_DIAGNOSTIC_RESPONSE_H_
