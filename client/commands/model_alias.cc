// SPDX-License-Identifier: Apache-2.0
//
// stactl model alias and rollback: which version a name means.
#include <optional>

#include "client/commands/model.h"
#include "client/store_client.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct ModelAliasOptions {
  std::string name;
  std::string alias;
  int64_t version = 0;
  int64_t expected_version = -1;
  bool remove = false;
};

void PrintMove(CommandContext& context, const std::string& name, const std::string& alias,
               const AliasMove& move) {
  if (context.json) {
    context.console.out << JsonLine({{"name", name},
                                     {"alias", alias},
                                     {"version", move.version},
                                     {"previous_version", move.previous_version}})
                        << "\n";
    return;
  }
  context.console.out << name << " '" << alias << "' is version " << move.version
                      << (move.previous_version == 0 ? "" : StrCat(", was ", move.previous_version))
                      << "\n";
}

absl::Status RunModelAlias(CommandContext& context, const ModelAliasOptions& options) {
  if (options.remove == (options.version != 0)) {
    return absl::InvalidArgumentError("give either VERSION or --delete");
  }
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  StoreClient store(**client);
  if (options.remove) {
    const absl::Status status = store.DeleteAlias(options.name, options.alias);
    if (status.ok() && context.json) {
      context.console.out << JsonLine({{"name", options.name},
                                       {"alias", options.alias},
                                       {"deleted", true}})
                          << "\n";
    } else if (status.ok()) {
      context.console.out << options.name << " has no alias '" << options.alias << "' any more\n";
    }
    return status;
  }
  const std::optional<int64_t> expected =
      options.expected_version < 0 ? std::nullopt : std::optional(options.expected_version);
  const absl::StatusOr<AliasMove> move =
      store.SetAlias(options.name, options.alias, options.version, expected);
  if (!move.ok()) return move.status();
  PrintMove(context, options.name, options.alias, *move);
  return absl::OkStatus();
}

absl::Status RunModelRollback(CommandContext& context, const ModelAliasOptions& options) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::StatusOr<AliasMove> move =
      StoreClient(**client).RollBack(options.name, options.alias);
  if (!move.ok()) return move.status();
  PrintMove(context, options.name, options.alias, *move);
  return absl::OkStatus();
}

}  // namespace

void AddModelAliasCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<ModelAliasOptions>();
  CLI::App* command = group.add_subcommand("alias", "Let an alias name a version");
  command->add_option("NAME", options->name, "Name of the model")->required();
  command->add_option("ALIAS", options->alias, "Such as prod or canary")->required();
  command->add_option("VERSION", options->version, "Number of the version")
      ->check(CheckPositiveInteger);
  command
      ->add_option("--expect", options->expected_version,
                   "Only where the alias names this version now; 0: only where it is new")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  command->add_flag("--delete", options->remove, "Take the alias away; the version stays");
  command->footer(R"(
The server loads and warms the version first where that is needed; no request finds nothing. The
alias prod is what requests without a version get.

Examples:
  stactl model alias minilm prod 3
  stactl model alias minilm prod 4 --expect 3
  stactl model alias minilm canary --delete)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunModelAlias(context, *options); };
  });
}

void AddModelRollbackCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<ModelAliasOptions>();
  options->alias = "prod";
  CLI::App* command =
      group.add_subcommand("rollback", "Let an alias name the version that it named before");
  command->add_option("NAME", options->name, "Name of the model")->required();
  command->add_option("--alias", options->alias, "The alias")->capture_default_str();
  command->footer(R"(
Twice in a row it is back where it began.

Examples:
  stactl model rollback minilm
  stactl model rollback minilm --alias canary)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunModelRollback(context, *options); };
  });
}

}  // namespace sta::client
