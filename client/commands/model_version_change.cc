// SPDX-License-Identifier: Apache-2.0
//
// stactl model load, unload and delete: whether a version is served, and whether it is there.
#include "client/commands/model.h"
#include "client/store_client.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct VersionChangeOptions {
  std::string name;
  std::string version;
  int64_t number = 0;
  bool force = false;
};

// `done` happened to the version.
void PrintDone(CommandContext& context, const VersionChangeOptions& options,
               const std::string& version, const std::string& done) {
  if (context.json) {
    context.console.out << JsonLine({{"name", options.name}, {"version", version}, {"done", done}})
                        << "\n";
  } else {
    context.console.out << options.name << " version " << version << " is " << done << "\n";
  }
}

absl::Status RunModelLoad(CommandContext& context, const VersionChangeOptions& options) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::StatusOr<ModelVersion> model =
      StoreClient(**client).Load(options.name, options.version);
  if (!model.ok()) return model.status();
  PrintDone(context, options, StrCat(model->version), "loaded");
  return absl::OkStatus();
}

absl::Status RunModelUnload(CommandContext& context, const VersionChangeOptions& options) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::Status status =
      StoreClient(**client).Unload(options.name, options.version, options.force);
  if (status.ok()) PrintDone(context, options, options.version, "unloaded");
  return status;
}

absl::Status RunModelDelete(CommandContext& context, const VersionChangeOptions& options) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::Status status =
      StoreClient(**client).DeleteVersion(options.name, options.number, options.force);
  if (status.ok()) PrintDone(context, options, StrCat(options.number), "deleted");
  return status;
}

using ChangeVersion = absl::Status (*)(CommandContext&, const VersionChangeOptions&);

void SetAction(CLI::App* command, CommandContext& context,
               const std::shared_ptr<VersionChangeOptions>& options, ChangeVersion run) {
  command->callback([&context, options, run] {
    context.action = [&context, options, run] { return run(context, *options); };
  });
}

}  // namespace

void AddModelLoadCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<VersionChangeOptions>();
  CLI::App* command = group.add_subcommand("load", "Load a version and keep it loaded");
  command->add_option("NAME", options->name, "Name of the model")->required();
  AddVersionOption(*command, options->version);
  command->footer(R"(
Whatever the server's policy, until it is unloaded: stactl model unload.

Examples:
  stactl model load minilm --version 2)");
  SetAction(command, context, options, RunModelLoad);
}

void AddModelUnloadCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<VersionChangeOptions>();
  CLI::App* command =
      group.add_subcommand("unload", "Take a version out of service; it stays in the store");
  command->add_option("NAME", options->name, "Name of the model")->required();
  AddVersionOption(*command, options->version)->required();
  command->add_flag("--force", options->force, "Even where an alias names it");
  command->footer(R"(
Requests that it has are answered first.

Examples:
  stactl model unload minilm --version 2)");
  SetAction(command, context, options, RunModelUnload);
}

void AddModelDeleteCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<VersionChangeOptions>();
  CLI::App* command = group.add_subcommand("delete", "Delete a version from the server's store");
  command->add_option("NAME", options->name, "Name of the model")->required();
  command->add_option("VERSION", options->number, "Number of the version")
      ->check(CheckPositiveInteger)
      ->required();
  command->add_flag("--force", options->force,
                    "Even where an alias names it (then deleted, too) or requests use it (answered "
                    "all the same)");
  command->footer(R"(
There is no way back; stactl model export makes a copy first. Its number is not used again.

Examples:
  stactl model delete minilm 2)");
  SetAction(command, context, options, RunModelDelete);
}

}  // namespace sta::client
