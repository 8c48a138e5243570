// SPDX-License-Identifier: Apache-2.0
//
// The one line on standard error that says why a command failed. Pure functions.
#ifndef CLIENT_COMMANDS_FAILURE_H_
#define CLIENT_COMMANDS_FAILURE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace sta::client {

struct FailureContext {
  std::string command = {};  // "model show"
  bool is_remote = false;    // whether a server was asked
  std::string server = {};
  absl::Duration timeout = {};
};

// "stactl model show: NOT_FOUND: unknown model 'x'; try: stactl model list". No newline.
std::string DescribeFailure(const absl::Status& status, const FailureContext& context);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_FAILURE_H_
