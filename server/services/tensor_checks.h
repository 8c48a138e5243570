// SPDX-License-Identifier: Apache-2.0
//
// What decoders of inference requests share: the counting of elements, and the texts of errors.
// Pure functions; internal to decoders.
#ifndef SERVER_SERVICES_TENSOR_CHECKS_H_
#define SERVER_SERVICES_TENSOR_CHECKS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "inference/open_inference_grpc.pb.h"

namespace sta {

// A client's name or datatype as it goes into messages; a long one is cut.
std::string Quoted(std::string_view text);
// "a, b, c".
std::string JoinNames(std::span<const std::string_view> names);
// "[2,16]"; a long one is cut.
std::string ShapeText(const google::protobuf::RepeatedField<int64_t>& shape);

// Typed elements in all fields together.
int64_t TypedCount(const inference::InferTensorContents& contents);
// Whether the elements are in the one field that is wanted, which has `wanted_field_count`, and
// there are `expected`: INVALID_ARGUMENT.
absl::Status CheckTypedCount(const inference::ModelInferRequest::InferInputTensor& input,
                             int64_t wanted_field_count, std::string_view wanted_field,
                             int64_t expected);

// Elements with their uint32 length in front, exactly `count` of them: INVALID_ARGUMENT. Views into
// `raw`.
absl::StatusOr<std::vector<std::string_view>> SplitRawBytes(std::string_view name,
                                                            std::string_view raw, int64_t count);

}  // namespace sta

#endif  // SERVER_SERVICES_TENSOR_CHECKS_H_
