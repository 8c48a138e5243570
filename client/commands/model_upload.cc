// SPDX-License-Identifier: Apache-2.0
//
// stactl model upload: a package, or a series of them, from this machine into the server's store.
#include "client/commands/model.h"
#include "client/commands/series_upload.h"
#include "client/commands/upload_display.h"
#include "client/console/transfer_rate.h"
#include "client/store_client.h"
#include "model_store/package/package.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct ModelUploadOptions {
  std::string package;
  std::string name;
  int64_t version = 0;
  std::string key;
  std::string alias;
  absl::Duration patience = absl::Minutes(2);
  SeriesUploadOptions series;
};

// The name that the package has where it lies: of store/minilm/3 and of packages/minilm "minilm".
std::string NameOfDirectory(const std::filesystem::path& directory) {
  std::filesystem::path path = std::filesystem::weakly_canonical(directory);
  const std::string last = path.filename().string();
  const bool is_version =
      !last.empty() && last.find_first_not_of("0123456789") == std::string::npos;
  return is_version ? path.parent_path().filename().string() : last;
}

void PrintUploaded(CommandContext& context, const UploadedModel& uploaded,
                   const std::string& alias) {
  const ModelVersion& model = uploaded.model;
  if (context.json) {
    OrderedJson json = ModelVersionToJson(model);
    json["existed"] = uploaded.existed;
    json["sent_bytes"] = uploaded.sent_bytes;
    context.console.out << IndentedJson(json) << "\n";
    return;
  }
  context.console.out << model.name << " version " << model.version
                      << (uploaded.existed ? " is in the store already" : " is stored") << " ("
                      << BytesText(model.size_bytes) << ", " << BytesText(uploaded.sent_bytes)
                      << " sent)" << (alias.empty() ? "" : " and is now '" + alias + "'") << "\n";
}

absl::Status RunModelUpload(CommandContext& context, const ModelUploadOptions& options) {
  const auto package = Package::Open(options.package, PackageCheck::kStructure);
  if (!package.ok()) return package.status();
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  StoreClient store(**client);
  const UploadOptions upload = {
      .name = options.name.empty() ? NameOfDirectory(options.package) : options.name,
      .version = options.version,
      .idempotency_key = options.key,
      .patience = options.patience};
  absl::StatusOr<UploadedModel> uploaded = [&] {
    UploadDisplay display(context.console, "uploading");
    return store.Upload(options.package, upload,
                        [&](const UploadProgress& progress) { display.Show(progress); });
  }();
  if (!uploaded.ok()) return uploaded.status();
  if (!options.alias.empty()) {
    const absl::StatusOr<AliasMove> moved =
        store.SetAlias(upload.name, options.alias, uploaded->model.version);
    if (!moved.ok()) {
      return absl::Status(moved.status().code(),
                          StrCat("version ", uploaded->model.version, " is stored, but is not '",
                                 options.alias, "': ", moved.status().message()));
    }
  }
  PrintUploaded(context, *uploaded, options.alias);
  return absl::OkStatus();
}

}  // namespace

void AddModelUploadCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<ModelUploadOptions>();
  CLI::App* command = group.add_subcommand("upload", "Put a package into the server's store");
  CLI::Option* package =
      command->add_option("PACKAGE", options->package, "Directory of the package");
  command->add_option("--name", options->name,
                      "Name of the model (default: the directory's, or the series')");
  CLI::Option* version =
      command->add_option("--version", options->version, "Version (default: the next number)")
          ->check(CheckPositiveInteger)
          ->type_name("N");
  CLI::Option* key =
      command
          ->add_option("--key", options->key,
                       "Idempotency key: uploads with the same one make one version (default: the "
                       "same content does)")
          ->type_name("TEXT");
  CLI::Option* alias = command->add_option(
      "--alias", options->alias, "Then load the version and give it this alias, such as prod");
  AddSeriesUploadOptions(*command, options->series, {package, version, key, alias});
  AddDurationOption(*command, "--patience", options->patience,
                    "How long to try again while the server cannot be reached");
  command->footer(R"(
Files that the server has already, of other versions or of an upload that was cut, are not sent
again. After a cut it goes on by itself; run again, it goes on where it was. Requests without a
version get the version that has the alias prod, or the newest one where there is no prod.

A series (stactl convert --series) becomes one model: each candidate a version with an alias of its
own, p2-8 for the candidate 2-8, so that requests can name it. All of it is checked before the first
byte is sent. Run again after a failure, it goes on with what is missing.

Examples:
  stactl model upload packages/minilm
  stactl model upload packages/minilm-1of8 --name minilm --alias canary
  stactl model upload packages/minilm --name minilm --alias prod --server gpu7:8001
  stactl model upload --series packages/sst2 --prod 2-8)");
  command->callback([&context, options] {
    if (options->package.empty() && options->series.directory.empty()) {
      throw CLI::RequiredError("PACKAGE or --series");
    }
    options->series.name = options->name;
    options->series.patience = options->patience;
    context.action = [&context, options] {
      return options->package.empty() ? RunSeriesUpload(context, options->series)
                                      : RunModelUpload(context, *options);
    };
  });
}

}  // namespace sta::client
