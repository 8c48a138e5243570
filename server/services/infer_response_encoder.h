// SPDX-License-Identifier: Apache-2.0
//
// From output tensors to the wire: raw contents, little-endian, BYTES elements with a uint32
// length in front. Clients of Triton read only this form.
#ifndef SERVER_SERVICES_INFER_RESPONSE_ENCODER_H_
#define SERVER_SERVICES_INFER_RESPONSE_ENCODER_H_

#include <span>

#include "inference/open_inference_grpc.pb.h"
#include "server/services/infer_outputs.h"

namespace sta {

// Appends the tensors to `response`, in order.
void EncodeOutputs(std::span<const OutputTensor> tensors, inference::ModelInferResponse& response);

}  // namespace sta

#endif  // SERVER_SERVICES_INFER_RESPONSE_ENCODER_H_
