// SPDX-License-Identifier: Apache-2.0
//
// stactl xclbin: the group of the commands about what is put on cards.
#include "client/commands/xclbin.h"

namespace sta::client {

void AddXclbinCommand(CLI::App& app, CommandContext& context) {
  CLI::App* group = app.add_subcommand("xclbin", "Make and show xclbins, which XRT puts on cards");
  group->require_subcommand(1);
  AddXclbinMakeCommand(*group, context);
  AddXclbinShowCommand(*group, context);
}

}  // namespace sta::client
