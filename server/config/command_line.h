// SPDX-License-Identifier: Apache-2.0
//
// From the command line to Settings: `--config FILE` first, then flags, which override the file.
//
//   auto command = ParseCommandLine(argc, argv);
//   if (!command.ok()) ...                       // print the message, exit 2
//   if (!command->print.empty()) ...             // --help, --version: print it, exit 0
//   Serve(command->settings);
//
// Reads the file; no other side effect.
#ifndef SERVER_CONFIG_COMMAND_LINE_H_
#define SERVER_CONFIG_COMMAND_LINE_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/config/settings.h"

namespace sta {

struct CommandLine {
  Settings settings;
  // Not empty: what --help or --version asked to have printed; the settings are then unchecked.
  std::string print;
};

// INVALID_ARGUMENT: an unknown flag (the nearest known one is named), a missing or refused value,
// a missing --store; and the statuses of ApplyConfigFile.
absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv);

}  // namespace sta

#endif  // SERVER_CONFIG_COMMAND_LINE_H_
