// SPDX-License-Identifier: Apache-2.0
//
// stactl model: the group of the commands about the server's models.
#include "client/commands/model.h"

#include "client/commands/command.h"

namespace sta::client {

void AddModelCommand(CLI::App& app, CommandContext& context) {
  CLI::App* group = app.add_subcommand("model", "List and show the models of the server");
  group->require_subcommand(1);
  AddModelListCommand(*group, context);
  AddModelShowCommand(*group, context);
}

}  // namespace sta::client
