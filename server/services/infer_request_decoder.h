// SPDX-License-Identifier: Apache-2.0
//
// From the wire to an InferRequest: everything that can be wrong with a message is found here,
// before anything is computed or allocated for it. Only the text itself (UTF-8) is left to the
// tokenizer.
//
//   auto request = DecodeInferRequest(message, model->config(), {.max_rows = 4096});
//
// Pure and thread-safe; the result's texts are views into `message`.
#ifndef SERVER_SERVICES_INFER_REQUEST_DECODER_H_
#define SERVER_SERVICES_INFER_REQUEST_DECODER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "inference/open_inference_grpc.pb.h"
#include "model_store/package/model_config.h"
#include "server/services/infer_request.h"

namespace sta {

struct DecodeLimits {
  int64_t max_rows = 4096;
};

// Inputs are `text` (and `text_pair`), or `input_ids` (and `attention_mask`, `token_type_ids`). A
// row of the mask is ones, then zeros: the zeros are padding, which is dropped. Of the parameters,
// `classification` and `sta_datatype` count here; unknown ones are let pass. INVALID_ARGUMENT, with
// the place, the value and what is allowed, for all else.
absl::StatusOr<InferRequest> DecodeInferRequest(const inference::ModelInferRequest& message,
                                                const ModelConfig& config,
                                                const DecodeLimits& limits);

}  // namespace sta

#endif  // SERVER_SERVICES_INFER_REQUEST_DECODER_H_
