// SPDX-License-Identifier: Apache-2.0
//
// The commands below "stactl model", and what they share. Pure functions but for the first two.
#ifndef CLIENT_COMMANDS_MODEL_H_
#define CLIENT_COMMANDS_MODEL_H_

#include <map>
#include <string>

#include "client/client.h"
#include "client/commands/command.h"
#include "client/console/json_text.h"

namespace sta::client {

void AddModelListCommand(CLI::App& group, CommandContext& context);
void AddModelShowCommand(CLI::App& group, CommandContext& context);

// "2:8 x36, dense x2"; the most frequent pattern first.
std::string PatternsText(const std::map<std::string, int>& patterns);
OrderedJson ModelVersionToJson(const ModelVersion& version);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_MODEL_H_
