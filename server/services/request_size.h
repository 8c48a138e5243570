// SPDX-License-Identifier: Apache-2.0
//
// What a request takes: in memory until its reply is written, for the MemoryBudget, and in tokens,
// before they are counted. Pure functions.
#ifndef SERVER_SERVICES_REQUEST_SIZE_H_
#define SERVER_SERVICES_REQUEST_SIZE_H_

#include <cstdint>
#include <span>

#include "inference/open_inference_grpc.pb.h"
#include "model_store/package/model_config.h"
#include "model_store/tokenizer/token_sequence.h"
#include "server/services/infer_request.h"

namespace sta {

// Of the message and what is decoded of it.
int64_t RequestBytes(const inference::ModelInferRequest& request);
// Of its tokens, what the devices make of them, and the reply.
int64_t AnswerBytes(const ModelConfig& config, std::span<const OutputKind> outputs,
                    std::span<const TokenSequence> sequences);

struct TextSize {
  int64_t bytes = 0;
  int64_t least_tokens = 0;  // whatever the texts are
  int64_t about_tokens = 0;
};
TextSize SizeOf(const ModelConfig& config, std::span<const TextRow> texts);

}  // namespace sta

#endif  // SERVER_SERVICES_REQUEST_SIZE_H_
