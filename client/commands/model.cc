// SPDX-License-Identifier: Apache-2.0
//
// stactl model: the group of the commands about the server's models.
#include "client/commands/model.h"

#include "client/commands/command.h"

namespace sta::client {

void AddModelCommand(CLI::App& app, CommandContext& context) {
  CLI::App* group = app.add_subcommand("model", "See and change the models in the server's store");
  group->require_subcommand(1);
  AddModelListCommand(*group, context);
  AddModelShowCommand(*group, context);
  AddModelWatchCommand(*group, context);
  AddModelUploadCommand(*group, context);
  AddModelExportCommand(*group, context);
  AddModelAliasCommand(*group, context);
  AddModelRollbackCommand(*group, context);
  AddModelLoadCommand(*group, context);
  AddModelUnloadCommand(*group, context);
  AddModelDeleteCommand(*group, context);
  AddModelVerifyCommand(*group, context);
}

CLI::Option* AddVersionOption(CLI::App& command, std::string& version) {
  return command
      .add_option("--version", version,
                  "Number or alias (default: what requests without a version get)")
      ->type_name("N|ALIAS");
}

}  // namespace sta::client
