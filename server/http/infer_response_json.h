// SPDX-License-Identifier: Apache-2.0
//
// From a ModelInferResponse to the body of an HTTP response: JSON, and behind it the outputs that
// are wanted as they are.
//
//   absl::StatusOr<HttpResponse> response = EncodeInferResponse(message, body->binary);
//
// Pure and thread-safe.
#ifndef SERVER_HTTP_INFER_RESPONSE_JSON_H_
#define SERVER_HTTP_INFER_RESPONSE_JSON_H_

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "inference/open_inference_grpc.pb.h"
#include "server/http/http_message.h"
#include "server/http/infer_request_json.h"

namespace sta {

// `message` is one of ours: with raw contents. With binary outputs the response has the header
// Inference-Header-Content-Length. INVALID_ARGUMENT: JSON has no way to say an output (numbers that
// are not finite, FP16 and BF16, strings that are not UTF-8), which binary data would have.
absl::StatusOr<HttpResponse> EncodeInferResponse(const inference::ModelInferResponse& message,
                                                 const BinaryOutputs& binary);

// Appends the shortest text that reads back as `value`, which is finite.
void AppendNumber(float value, std::string& out);
void AppendNumber(double value, std::string& out);

}  // namespace sta

#endif  // SERVER_HTTP_INFER_RESPONSE_JSON_H_
