// SPDX-License-Identifier: Apache-2.0
//
// What ModelStatistics answers.
#ifndef SERVER_SERVICES_STATISTICS_MESSAGE_H_
#define SERVER_SERVICES_STATISTICS_MESSAGE_H_

#include "absl/status/status.h"
#include "inference/open_inference_grpc.pb.h"
#include "server/models/model_registry.h"
#include "server/observability/model_statistics.h"

namespace sta {

// The versions that are ready: of all models, or of one, or one of them, which then may be in any
// state. NOT_FOUND, INVALID_ARGUMENT as of ModelRegistry::Describe.
absl::Status FillStatistics(const inference::ModelStatisticsRequest& request,
                            const ModelRegistry& registry, const ModelStatistics& statistics,
                            inference::ModelStatisticsResponse& response);

}  // namespace sta

#endif  // SERVER_SERVICES_STATISTICS_MESSAGE_H_
