// SPDX-License-Identifier: Apache-2.0
//
// Triton's log and trace settings over what this server has: log levels that may be switched while
// it runs, and no traces. Pure functions; all or nothing of a request is taken.
#ifndef SERVER_SERVICES_SERVER_SETTINGS_H_
#define SERVER_SERVICES_SERVER_SETTINGS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "inference/open_inference_grpc.pb.h"
#include "server/observability/logging.h"

namespace sta {

struct LogState {
  LogLevels levels;
  LogFormat format = LogFormat::kJson;
};

// The levels after `request`, which changes `current`; a setting without a value goes back to
// `initial`. INVALID_ARGUMENT: a setting that is unknown, of the wrong type, or cannot be changed.
absl::StatusOr<LogLevels> ApplyLogSettings(const inference::LogSettingsRequest& request,
                                           const LogState& current, const LogLevels& initial);
void FillLogSettings(const LogState& state, inference::LogSettingsResponse& response);

// INVALID_ARGUMENT for any setting that would turn traces on, and for unknown ones.
absl::Status CheckTraceSettings(const inference::TraceSettingRequest& request);
void FillTraceSettings(inference::TraceSettingResponse& response);

}  // namespace sta

#endif  // SERVER_SERVICES_SERVER_SETTINGS_H_
