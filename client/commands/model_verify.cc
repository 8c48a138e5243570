// SPDX-License-Identifier: Apache-2.0
//
// stactl model verify: whether a version in the server's store is what its manifest says.
#include "client/commands/model.h"
#include "client/console/table.h"
#include "client/store_client.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct ModelVerifyOptions {
  std::string name;
  std::string version;
};

absl::Status RunModelVerify(CommandContext& context, const ModelVerifyOptions& options) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::StatusOr<VerifiedModel> verified =
      StoreClient(**client).Verify(options.name, options.version);
  if (!verified.ok()) return verified.status();
  const ModelVersion& model = verified->model;
  if (!verified->error.empty()) {
    return absl::DataLossError(
        StrCat(model.name, " version ", model.version, ": ", verified->error));
  }
  if (context.json) {
    context.console.out << JsonLine({{"name", model.name},
                                     {"version", model.version},
                                     {"verified_bytes", verified->verified_bytes}})
                        << "\n";
  } else {
    context.console.out << model.name << " version " << model.version << ": "
                        << WithThousands(verified->verified_bytes) << " bytes are right\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddModelVerifyCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<ModelVerifyOptions>();
  CLI::App* command =
      group.add_subcommand("verify", "Compare every byte of a version with its manifest");
  command->add_option("NAME", options->name, "Name of the model")->required();
  AddVersionOption(*command, options->version);
  command->footer(R"(
Reads the files in the server's store; a package here: stactl verify.

Examples:
  stactl model verify minilm
  stactl model verify minilm --version 2 --timeout 5m)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunModelVerify(context, *options); };
  });
}

}  // namespace sta::client
