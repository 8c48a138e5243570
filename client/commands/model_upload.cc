// SPDX-License-Identifier: Apache-2.0
//
// stactl model upload: a package from this machine into the server's store.
#include "absl/time/clock.h"
#include "client/commands/model.h"
#include "client/console/progress_bar.h"
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
};

// The name that the package has where it lies: of store/minilm/3 and of packages/minilm "minilm".
std::string NameOfDirectory(const std::filesystem::path& directory) {
  std::filesystem::path path = std::filesystem::weakly_canonical(directory);
  const std::string last = path.filename().string();
  const bool is_version =
      !last.empty() && last.find_first_not_of("0123456789") == std::string::npos;
  return is_version ? path.parent_path().filename().string() : last;
}

// Shows how far it is; says what it waits for.
class UploadDisplay {
 public:
  explicit UploadDisplay(Console& console) : bar_(console, "model upload") {}

  void Show(const UploadProgress& progress) {
    if (!progress.trouble.empty()) {
      bar_.Note(StrCat("interrupted (", progress.trouble, "); trying again"));
      return;
    }
    rate_.Update(absl::Now(), progress.stored_bytes);
    const bool is_end = progress.stored_bytes >= progress.total_bytes;
    if (is_end && is_done_) return;
    is_done_ = is_end;
    bar_.Show("uploading", progress.stored_bytes, progress.total_bytes,
              rate_.Describe(progress.stored_bytes, progress.total_bytes));
  }

 private:
  ProgressBar bar_;
  TransferRate rate_;
  bool is_done_ = false;
};

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
    UploadDisplay display(context.console);
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
  command->add_option("PACKAGE", options->package, "Directory of the package")->required();
  command->add_option("--name", options->name, "Name of the model (default: the directory's)");
  command->add_option("--version", options->version, "Version (default: the next number)")
      ->check(CheckPositiveInteger)
      ->type_name("N");
  command
      ->add_option("--key", options->key,
                   "Idempotency key: uploads with the same one make one version (default: the "
                   "same content does)")
      ->type_name("TEXT");
  command->add_option("--alias", options->alias,
                      "Then load the version and give it this alias, such as prod");
  AddDurationOption(*command, "--patience", options->patience,
                    "How long to try again while the server cannot be reached");
  command->footer(R"(
Files that the server has already, of other versions or of an upload that was cut, are not sent
again. After a cut it goes on by itself; run again, it goes on where it was. Requests without a
version get the version that has the alias prod, or the newest one where there is no prod.

Examples:
  stactl model upload packages/minilm
  stactl model upload packages/minilm-1of8 --name minilm --alias canary
  stactl model upload packages/minilm --name minilm --alias prod --server gpu7:8001)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunModelUpload(context, *options); };
  });
}

}  // namespace sta::client
