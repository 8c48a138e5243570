// SPDX-License-Identifier: Apache-2.0
//
// Between the client's plain structs and the protocol's messages. Private to client/: the only
// header of it that knows a proto. Pure functions; nothing blocks.
#ifndef CLIENT_WIRE_H_
#define CLIENT_WIRE_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/client.h"
#include "inference/open_inference_grpc.pb.h"
#include "sta/v1/model_store.pb.h"

namespace sta::client {

// Keeps code and message. A code that is none of gRPC's becomes UNKNOWN.
absl::Status StatusFromGrpc(const grpc::Status& status);

// INVALID_ARGUMENT where an input's bytes do not fit its shape.
absl::StatusOr<inference::ModelInferRequest> ToProto(const InferRequest& request);
// Takes raw and typed contents. INTERNAL where the answer contradicts itself.
absl::StatusOr<InferResult> FromProto(const inference::ModelInferResponse& response);

absl::Time FromProto(const google::protobuf::Timestamp& time);
ModelVersion FromProto(const v1::ModelVersion& version);
SeriesPlace FromProto(const v1::SeriesEntry& entry);
ModelDetails FromProto(const v1::GetModelResponse& response);
ModelInfo FromProto(const inference::ModelMetadataResponse& response);

// Of "3" 3, of an alias or "" 0. INVALID_ARGUMENT: digits that are no version.
absl::StatusOr<int64_t> VersionNumber(const std::string& version);
// A request with `version` as text: "", a number over zero or an alias. INVALID_ARGUMENT for a
// number that is none of a version.
template <typename Request>
absl::StatusOr<Request> VersionRequest(const std::string& name, const std::string& version) {
  Request request;
  request.set_name(name);
  const absl::StatusOr<int64_t> number = VersionNumber(version);
  if (!number.ok()) return number.status();
  if (*number > 0) {
    request.set_version(*number);
  } else {
    request.set_alias(version);
  }
  return request;
}

// The requests of Embed and Classify, and what is read from their answers. `count` is how many
// texts were sent; INTERNAL where the answer has another number or the wrong outputs.
InferRequest EmbedRequest(const std::string& model, const std::string& version,
                          const std::vector<std::string>& texts);
absl::StatusOr<Embeddings> ReadEmbeddings(const InferResult& result, size_t count);
InferRequest ClassifyRequest(const std::string& model, const std::string& version,
                             const std::vector<std::string>& texts);
absl::StatusOr<std::vector<Classification>> ReadClassifications(const InferResult& result,
                                                                size_t count);

}  // namespace sta::client

#endif  // CLIENT_WIRE_H_
