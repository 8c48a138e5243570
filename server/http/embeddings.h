// SPDX-License-Identifier: Apache-2.0
//
// OpenAI's embeddings API: its requests to ModelInferRequests, and answers back.
//
//   absl::StatusOr<EmbeddingsRequest> request = DecodeEmbeddings(body);
//   ... infer EmbeddingsMessage(*request) ...
//   absl::StatusOr<std::string> body = EncodeEmbeddings(*request, answer, tokens);
//
// Pure and thread-safe.
#ifndef SERVER_HTTP_EMBEDDINGS_H_
#define SERVER_HTTP_EMBEDDINGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "inference/open_inference_grpc.pb.h"

namespace sta {

struct EmbeddingsRequest {
  std::string model = {};    // as the client wrote it
  std::string name = {};     // of the model
  std::string version = {};  // what follows a ':' in `model`: a number or an alias; else empty
  std::vector<std::string> texts = {};
  bool is_base64 = false;
  std::optional<int64_t> dimensions = std::nullopt;
};

// INVALID_ARGUMENT begins with the member that is at fault ("input[3]: ..."). `input` is a string
// or an array of strings: token ids would be those of another model's tokenizer. Members that are
// not known, and `user`, are let pass.
absl::StatusOr<EmbeddingsRequest> DecodeEmbeddings(std::string_view body);

// For the model's sentence embeddings. Takes the texts.
inference::ModelInferRequest EmbeddingsMessage(EmbeddingsRequest& request);

// `tokens` are those of all texts together. INVALID_ARGUMENT: the output of that name is no matrix
// of FP32, as a diagnostic model may declare one.
absl::StatusOr<std::string> EncodeEmbeddings(const EmbeddingsRequest& request,
                                             const inference::ModelInferResponse& response,
                                             int64_t tokens);

}  // namespace sta

#endif  // SERVER_HTTP_EMBEDDINGS_H_
