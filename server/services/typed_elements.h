// SPDX-License-Identifier: Apache-2.0
//
// Typed elements of an input tensor as raw contents, so that what comes after knows one form only.
// Pure; internal to decoders.
#ifndef SERVER_SERVICES_TYPED_ELEMENTS_H_
#define SERVER_SERVICES_TYPED_ELEMENTS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "inference/open_inference_grpc.pb.h"
#include "model_store/package/datatype.h"

namespace sta {

// The `count` elements of `input.contents`, little-endian, BYTES with a uint32 length in front.
// INVALID_ARGUMENT: another number of elements, or in another field; a value that `datatype` does
// not hold; FP16 or BF16, for which the protocol has no typed elements.
absl::StatusOr<std::string> RawOfTyped(const inference::ModelInferRequest::InferInputTensor& input,
                                       Datatype datatype, int64_t count);

}  // namespace sta

#endif  // SERVER_SERVICES_TYPED_ELEMENTS_H_
