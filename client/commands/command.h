// SPDX-License-Identifier: Apache-2.0
//
// What the commands of stactl share. Each command is one file with one function that adds it:
//
//   void AddVerifyCommand(CLI::App& app, CommandContext& context) {
//     auto options = std::make_shared<Options>();
//     CLI::App* command = app.add_subcommand("verify", "...");
//     command->add_option("PACKAGE", options->package, "...")->required();
//     command->callback([&context, options] {
//       context.action = [&context, options] { return RunVerify(context, *options); };
//     });
//   }
//
// The action runs after the whole command line was understood. One thread.
#ifndef CLIENT_COMMANDS_COMMAND_H_
#define CLIENT_COMMANDS_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/client.h"
#include "client/console/console.h"

namespace sta::client {

struct CommandContext {
  Console& console;
  // Of the connection, without its timeout, attempts and token.
  ClientOptions connection = {};
  std::string token_file = {};
  absl::Duration timeout = absl::Seconds(30);
  bool json = false;
  // Set once a command talks to the server: advice about failures depends on it.
  bool is_remote = false;
  std::function<absl::Status()> action;
};

// Adds the global options about the server and how to reach it.
void AddConnectionOptions(CLI::App& app, CommandContext& context);

// A client for the global options. INVALID_ARGUMENT for one that is out of range, NOT_FOUND for a
// file that cannot be read.
absl::StatusOr<std::unique_ptr<Client>> Connect(CommandContext& context, int max_attempts = 3);

// `model`, or, where it is empty, the only ready model in the server's store that has `task` (any
// task where that is empty). FAILED_PRECONDITION lists the models where there are more or none.
absl::StatusOr<std::string> ChooseModel(Client& client, const std::string& model,
                                        const std::string& task);

// Validators for add_option(...)->check(...): empty, or what is wrong with the text.
std::string CheckDuration(const std::string& text);
std::string CheckPositiveInteger(const std::string& text);
// "250ms", "1m30s" or plain seconds "2.5"; must be over zero. INVALID_ARGUMENT otherwise.
absl::StatusOr<absl::Duration> ParseDuration(const std::string& text);

// Adds an option that takes a duration, with its default shown in the help.
CLI::Option* AddDurationOption(CLI::App& app, const std::string& name, absl::Duration& value,
                               const std::string& description);

void AddEmbedCommand(CLI::App& app, CommandContext& context);
void AddClassifyCommand(CLI::App& app, CommandContext& context);
void AddInferCommand(CLI::App& app, CommandContext& context);
void AddModelCommand(CLI::App& app, CommandContext& context);
void AddDevicesCommand(CLI::App& app, CommandContext& context);
void AddHealthCommand(CLI::App& app, CommandContext& context);
void AddTopCommand(CLI::App& app, CommandContext& context);
void AddConvertCommand(CLI::App& app, CommandContext& context);
void AddDiagnosticCommand(CLI::App& app, CommandContext& context);
void AddInspectCommand(CLI::App& app, CommandContext& context);
void AddVerifyCommand(CLI::App& app, CommandContext& context);
void AddDisasmCommand(CLI::App& app, CommandContext& context);
void AddXclbinCommand(CLI::App& app, CommandContext& context);
void AddBenchCommand(CLI::App& app, CommandContext& context);
void AddTokenCommand(CLI::App& app, CommandContext& context);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_COMMAND_H_
