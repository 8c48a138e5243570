// SPDX-License-Identifier: Apache-2.0
//
// The commands below "stactl xclbin".
#ifndef CLIENT_COMMANDS_XCLBIN_H_
#define CLIENT_COMMANDS_XCLBIN_H_

#include "client/commands/command.h"

namespace sta::client {

void AddXclbinMakeCommand(CLI::App& group, CommandContext& context);
void AddXclbinShowCommand(CLI::App& group, CommandContext& context);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_XCLBIN_H_
