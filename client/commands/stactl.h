// SPDX-License-Identifier: Apache-2.0
//
// The whole of stactl as a function, so that tests can run it.
#ifndef CLIENT_COMMANDS_STACTL_H_
#define CLIENT_COMMANDS_STACTL_H_

#include <string>
#include <vector>

#include "client/console/console.h"

namespace sta::client {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // the request or the operation failed
inline constexpr int kExitUsage = 2;   // the command line is wrong

// Runs `stactl args...` and returns the exit code. Results go to console.out; a failure is one line
// on console.err. Blocks until the command is done; nothing throws.
int RunStactl(const std::vector<std::string>& args, Console& console);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_STACTL_H_
