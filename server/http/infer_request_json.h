// SPDX-License-Identifier: Apache-2.0
//
// From the body of an HTTP request to a ModelInferRequest: JSON, and behind it the tensors that are
// sent as they are (Triton's extension "binary tensor data"). Only the form is looked at here: what
// tensors may be is found where requests of any transport are decoded.
//
//   auto body = DecodeInferBody(request.body, json_bytes);
//   ... body->message, to which the name of the model is still to be added ...
//
// Pure and thread-safe.
#ifndef SERVER_HTTP_INFER_REQUEST_JSON_H_
#define SERVER_HTTP_INFER_REQUEST_JSON_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "inference/open_inference_grpc.pb.h"

namespace sta {

// Which outputs are wanted as they are, behind the JSON.
struct BinaryOutputs {
  bool by_default = false;
  std::map<std::string, bool, std::less<>> by_name = {};

  bool Wants(std::string_view name) const {
    const auto found = by_name.find(name);
    return found == by_name.end() ? by_default : found->second;
  }
};

struct InferBody {
  inference::ModelInferRequest message;
  BinaryOutputs binary;
};

// `json_bytes` is what the header Inference-Header-Content-Length says; without it all is JSON.
// INVALID_ARGUMENT, with the place and what is allowed: no JSON, members of other types, elements
// that the datatype does not hold, sizes that do not add up. Members that are not known are let
// pass.
absl::StatusOr<InferBody> DecodeInferBody(std::string_view body, std::optional<int64_t> json_bytes);

}  // namespace sta

#endif  // SERVER_HTTP_INFER_REQUEST_JSON_H_
