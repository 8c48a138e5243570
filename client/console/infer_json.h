// SPDX-License-Identifier: Apache-2.0
//
// Inference requests and answers as JSON, in the form of the Open Inference Protocol's REST API:
//
//   {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["Hello"]}],
//    "outputs": [{"name": "sentence_embedding"}], "id": "7", "parameters": {"priority": 1}}
//
// "data" is row-major, flat or nested. BYTES are JSON strings (UTF-8). FP16 and BF16 have no JSON
// form. Pure functions; nothing throws.
#ifndef CLIENT_CONSOLE_INFER_JSON_H_
#define CLIENT_CONSOLE_INFER_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/client.h"
#include "client/console/json_text.h"

namespace sta::client {

// INVALID_ARGUMENT says where ("inputs[0].data[3]: ...") and what is wrong. `model` is left empty.
absl::StatusOr<InferRequest> ParseInferRequest(std::string_view json);

// INVALID_ARGUMENT where an output's datatype has no JSON form.
absl::StatusOr<OrderedJson> InferResultToJson(const InferResult& result);

}  // namespace sta::client

#endif  // CLIENT_CONSOLE_INFER_JSON_H_
