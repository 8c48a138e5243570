// SPDX-License-Identifier: Apache-2.0
//
// stactl model export: a version from the server's store into a directory here.
#include "absl/time/clock.h"
#include "client/commands/model.h"
#include "client/console/progress_bar.h"
#include "client/console/transfer_rate.h"
#include "client/store_client.h"
#include "model_store/package/package.h"

namespace sta::client {
namespace {

struct ModelExportOptions {
  std::string name;
  std::string version;
  std::string output;
};

absl::Status RunModelExport(CommandContext& context, const ModelExportOptions& options) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::StatusOr<ModelVersion> model = [&] {
    ProgressBar bar(context.console, "model export");
    TransferRate rate;
    bool is_done = false;
    return StoreClient(**client).Export(
        options.name, options.version, options.output, [&](int64_t received, int64_t total) {
          rate.Update(absl::Now(), received);
          if (is_done) return;
          is_done = received >= total;
          bar.Show("exporting", received, total, rate.Describe(received, total));
        });
  }();
  if (!model.ok()) return model.status();
  // What the chunks' checksums cannot tell: whether the server's own files are right.
  const auto package = Package::Open(options.output, PackageCheck::kHashes);
  if (!package.ok()) return package.status();
  if (context.json) {
    OrderedJson json = ModelVersionToJson(*model);
    json["output"] = options.output;
    context.console.out << IndentedJson(json) << "\n";
  } else {
    context.console.out << model->name << " version " << model->version << " is in "
                        << options.output << " (" << BytesText(model->size_bytes)
                        << ", verified)\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddModelExportCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<ModelExportOptions>();
  CLI::App* command = group.add_subcommand("export", "Copy a version from the server's store");
  command->add_option("NAME", options->name, "Name of the model")->required();
  command->add_option("--output", options->output, "Directory to make; must not exist")
      ->type_name("DIR")
      ->required();
  AddVersionOption(*command, options->version);
  command->footer(R"(
The files are those that were uploaded, byte for byte, and are verified against their hashes.

Examples:
  stactl model export minilm --output backup/minilm
  stactl model export minilm --version canary --output canary)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunModelExport(context, *options); };
  });
}

}  // namespace sta::client
