// SPDX-License-Identifier: Apache-2.0
//
// From output tensors to the wire: raw contents, little-endian, BYTES elements with a uint32
// length in front. Clients of Triton read only this form.
#ifndef SERVER_SERVICES_INFER_RESPONSE_ENCODER_H_
#define SERVER_SERVICES_INFER_RESPONSE_ENCODER_H_

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "inference/open_inference_grpc.pb.h"
#include "server/services/infer_outputs.h"
#include "server/services/infer_request.h"

namespace sta {

struct EncodeOptions {
  std::span<const OutputForm> forms;    // one a tensor
  std::span<const std::string> labels;  // of the model, for class_count
  int64_t max_bytes = 64 << 20;         // of the raw contents
};

// Appends the tensors to `response`, in order. RESOURCE_EXHAUSTED where class labels make it larger
// than max_bytes; all else was bounded when the tensors were made.
absl::Status EncodeOutputs(std::span<const OutputTensor> tensors, const EncodeOptions& options,
                           inference::ModelInferResponse& response);

}  // namespace sta

#endif  // SERVER_SERVICES_INFER_RESPONSE_ENCODER_H_
