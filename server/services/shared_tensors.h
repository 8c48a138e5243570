// SPDX-License-Identifier: Apache-2.0
//
// Tensors of a request that are in shared memory rather than in its messages, named by parameters:
//
//   shared_memory_region      string   name of a registered region
//   shared_memory_byte_size   int64    bytes of the tensor; of an output: room for it
//   shared_memory_offset      int64    where in the region; 0 where it is not given
//
//   absl::StatusOr<std::optional<ModelInferRequest>> whole = FetchSharedInputs(request, memory,
//   max);
//   ... decode and compute *whole, or the request itself where there is nothing ...
//   absl::Status status = StoreSharedOutputs(request, memory, response);
//
// Thread-safe as the memory is.
#ifndef SERVER_SERVICES_SHARED_TENSORS_H_
#define SERVER_SERVICES_SHARED_TENSORS_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "inference/open_inference_grpc.pb.h"
#include "server/services/shared_memory.h"

namespace sta {

// The request as if its inputs in shared memory had come as raw contents; nullopt where none is
// there. As in Triton, raw_input_contents then has entries for the other inputs only.
// INVALID_ARGUMENT: a parameter of another type, a negative number, too few or many raw contents,
// or more than `max_bytes` in all; else as SharedMemory::Find and Region::Read.
absl::StatusOr<std::optional<inference::ModelInferRequest>> FetchSharedInputs(
    const inference::ModelInferRequest& request, const SharedMemory& memory, int64_t max_bytes);

// Writes the outputs for which `request` names a region to there, and leaves their raw contents
// empty. INVALID_ARGUMENT: an output is larger than its room; else as above.
absl::Status StoreSharedOutputs(const inference::ModelInferRequest& request,
                                const SharedMemory& memory,
                                inference::ModelInferResponse& response);

}  // namespace sta

#endif  // SERVER_SERVICES_SHARED_TENSORS_H_
