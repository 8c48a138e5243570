// SPDX-License-Identifier: Apache-2.0
//
// The commands below "stactl model", and what they share. Pure functions but for those that
// add commands.
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
void AddModelWatchCommand(CLI::App& group, CommandContext& context);
void AddModelUploadCommand(CLI::App& group, CommandContext& context);
void AddModelExportCommand(CLI::App& group, CommandContext& context);
void AddModelAliasCommand(CLI::App& group, CommandContext& context);
void AddModelRollbackCommand(CLI::App& group, CommandContext& context);
void AddModelLoadCommand(CLI::App& group, CommandContext& context);
void AddModelUnloadCommand(CLI::App& group, CommandContext& context);
void AddModelDeleteCommand(CLI::App& group, CommandContext& context);
void AddModelVerifyCommand(CLI::App& group, CommandContext& context);

// --version: a number or an alias; without it `version` stays empty, which is what requests without
// a version get.
CLI::Option* AddVersionOption(CLI::App& command, std::string& version);

// "2:8 x36, dense x2"; the most frequent pattern first.
std::string PatternsText(const std::map<std::string, int>& patterns);
OrderedJson ModelVersionToJson(const ModelVersion& version);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_MODEL_H_
