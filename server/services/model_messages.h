// SPDX-License-Identifier: Apache-2.0
//
// What ModelMetadata and ModelConfig tell of a model: two views of one signature, which agree. Pure
// functions.
#ifndef SERVER_SERVICES_MODEL_MESSAGES_H_
#define SERVER_SERVICES_MODEL_MESSAGES_H_

#include <cstdint>
#include <span>
#include <string>

#include "absl/time/time.h"
#include "inference/open_inference_grpc.pb.h"
#include "server/models/served_model.h"

namespace sta {

// Limits of the server that ModelConfig tells of.
struct ServingLimits {
  int64_t max_rows_per_request = 4096;
  int64_t max_queue_requests = 4096;
  absl::Duration max_queue_delay;
};

// `versions` are those of the model that answer.
void FillModelMetadata(const ServedModel& served, std::span<const std::string> versions,
                       inference::ModelMetadataResponse& response);

// Rows are no dimension of these tensors: max_batch_size says how many there may be. Every input is
// optional, as a request gives texts or ids. A diagnostic model has its own max_batch_size and its
// declared tensors, all of which are needed.
void FillModelConfig(const ServedModel& served, const ServingLimits& limits,
                     inference::ModelConfig& config);

}  // namespace sta

#endif  // SERVER_SERVICES_MODEL_MESSAGES_H_
