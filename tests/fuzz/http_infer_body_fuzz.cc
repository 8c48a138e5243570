// SPDX-License-Identifier: Apache-2.0
//
// Feeds the decoder of HTTP's inference requests with bytes as they come from the network: the
// first byte says whether there are binary tensors, the second how long the JSON before them is.
// What is accepted must be a message that has its tensors in one form only.
// Seeds: tests/fuzz/corpus/http_infer_body_fuzz.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "server/http/infer_request_json.h"

namespace sta {
namespace {

void CheckBody(std::string_view body, std::optional<int64_t> json_bytes) {
  const absl::StatusOr<InferBody> decoded = DecodeInferBody(body, json_bytes);
  if (!decoded.ok()) {
    if (decoded.status().code() != absl::StatusCode::kInvalidArgument) std::abort();
    return;
  }
  const inference::ModelInferRequest& message = decoded->message;
  if (message.raw_input_contents_size() == 0) return;
  if (message.raw_input_contents_size() != message.inputs_size()) std::abort();
  for (const auto& input : message.inputs()) {
    if (input.has_contents()) std::abort();
  }
}

}  // namespace
}  // namespace sta

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data + 2), size - 2);
  sta::CheckBody(body, (data[0] & 1) != 0 ? std::optional<int64_t>(data[1]) : std::nullopt);
  return 0;
}
