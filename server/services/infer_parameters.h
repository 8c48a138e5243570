// SPDX-License-Identifier: Apache-2.0
//
// InferParameters: what the parameters of a ModelInferRequest ask for, whatever the model is.
//
//   absl::StatusOr<InferParameters> parameters = DecodeParameters(message.parameters());
//   deadline = std::min(deadline, start + parameters->timeout);
//
// Pure and thread-safe.
#ifndef SERVER_SERVICES_INFER_PARAMETERS_H_
#define SERVER_SERVICES_INFER_PARAMETERS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "inference/open_inference_grpc.pb.h"

namespace sta {

struct InferParameters {
  // `priority`: 1 is the most urgent, larger is less; 0 is the default.
  int64_t priority = 0;
  // `timeout`, in microseconds: how long the client waits, from the request's arrival. 0 is never.
  absl::Duration timeout = absl::InfiniteDuration();
  // `sta_timing`: the answer says where its time went.
  bool wants_timing = false;

  friend bool operator==(const InferParameters&, const InferParameters&) = default;
};

using ParameterMap = google::protobuf::Map<std::string, inference::InferParameter>;

// The number, 0 or above, of a parameter; `absent` where it is not there. Clients differ: it may
// come as int64 or uint64. INVALID_ARGUMENT: another type, or below 0.
absl::StatusOr<int64_t> IntegerParameter(const ParameterMap& parameters, const char* name,
                                         int64_t absent);

// Parameters that are not known are let pass. INVALID_ARGUMENT: a known one of another type, or
// below 0.
absl::StatusOr<InferParameters> DecodeParameters(const ParameterMap& parameters);

}  // namespace sta

#endif  // SERVER_SERVICES_INFER_PARAMETERS_H_
