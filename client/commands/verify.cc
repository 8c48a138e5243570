// SPDX-License-Identifier: Apache-2.0
//
// stactl verify: checks all of a package.
#include "client/commands/command.h"
#include "client/console/json_text.h"
#include "client/console/table.h"
#include "model_store/model/diagnostic_model.h"
#include "model_store/model/loaded_model.h"
#include "model_store/package/package.h"

namespace sta::client {
namespace {

absl::Status RunVerify(CommandContext& context, const std::string& path) {
  const absl::StatusOr<std::shared_ptr<const Package>> package =
      Package::Open(path, PackageCheck::kHashes);
  if (!package.ok()) return package.status();
  // Loading decodes every tensor, checks every range, and reads the tokenizer: a package that is
  // called good must not fail later in a server.
  const absl::Status loaded = (*package)->kind() == PackageKind::kDiagnostic
                                  ? DiagnosticModel::Load(**package).status()
                                  : LoadedModel::Load(*package).status();
  if (!loaded.ok()) return loaded;
  const Manifest& manifest = (*package)->manifest();
  if (context.json) {
    context.console.out << JsonLine({{"ok", true},
                                     {"package", path},
                                     {"files", manifest.files.size()},
                                     {"matrices", manifest.matrices.size()},
                                     {"size_bytes", manifest.TotalBytes()}})
                        << "\n";
  } else {
    context.console.out << "ok: " << path << ": " << manifest.files.size() << " files, "
                        << WithThousands(manifest.TotalBytes()) << " bytes, "
                        << manifest.matrices.size() << " packed matrices\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddVerifyCommand(CLI::App& app, CommandContext& context) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("verify", "Check every hash and range of a package");
  command->add_option("PACKAGE", *path, "Directory of the package")->required();
  command->footer(R"(
Prints "ok: ..." and exits 0, or says what is wrong and exits 1. Needs no server.

Example:
  stactl verify store/minilm/1)");
  command->callback([&context, path] {
    context.action = [&context, path] { return RunVerify(context, *path); };
  });
}

}  // namespace sta::client
