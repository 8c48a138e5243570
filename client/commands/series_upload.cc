// SPDX-License-Identifier: Apache-2.0
#include "client/commands/series_upload.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_join.h"
#include "client/commands/opened_package.h"
#include "client/commands/series_table.h"
#include "client/commands/upload_display.h"
#include "client/console/progress_bar.h"
#include "client/store_client.h"
#include "model_store/package/package.h"
#include "model_store/series/series_manifest.h"
#include "model_store/series/series_packages.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

// What requests without a version get, where it is set.
constexpr char kProdAlias[] = "prod";

// A series that was checked, in the order of its upload.
struct CheckedSeries {
  SeriesManifest series;
  std::string model;
  std::string prod;  // a candidate, or ""
  std::vector<SeriesRow> rows;
};

absl::StatusOr<std::string> ModelName(const SeriesUploadOptions& options,
                                      const SeriesManifest& series) {
  std::string name = options.name.empty() ? series.name : options.name;
  if (IsPackageFileName(name)) return name;  // the rule for models' names is the same
  return absl::InvalidArgumentError(
      StrCat("'", name,
             "' is no name of a model: letters, digits, '.', '_' and '-', at most 128, "
             "and no dot in front; give one with --name"));
}

// To the front, so that requests without a version never get another candidate first.
absl::Status PutProdFirst(const std::string& prod, SeriesManifest& series) {
  if (prod.empty()) return absl::OkStatus();
  SeriesManifest known = series;
  if (absl::Status is_there = SelectCandidates({prod}, known); !is_there.ok()) return is_there;
  // Not of std::ranges: clang 14 cannot compile the result of that one.
  std::stable_partition(series.candidates.begin(), series.candidates.end(),
                        [&](const SeriesCandidate& candidate) { return candidate.name == prod; });
  return absl::OkStatus();
}

absl::StatusOr<SeriesRow> DescribeCandidate(const std::filesystem::path& package,
                                            const SeriesEntry& entry) {
  const absl::StatusOr<std::shared_ptr<const Package>> opened =
      Package::Open(package, PackageCheck::kStructure);
  if (!opened.ok()) return opened.status();
  return RowOf(PlaceOf(entry), ReportOf((*opened)->manifest()));
}

absl::StatusOr<CheckedSeries> CheckSeries(Console& console, const SeriesUploadOptions& options) {
  absl::StatusOr<SeriesManifest> series = ReadSeriesManifest(options.directory);
  if (!series.ok()) return series.status();
  absl::Status status = SelectCandidates(options.only, *series);
  if (status.ok()) status = PutProdFirst(options.prod, *series);
  if (!status.ok()) return status;
  absl::StatusOr<std::string> model = ModelName(options, *series);
  if (!model.ok()) return model.status();
  const std::filesystem::path directory = SeriesDirectory(options.directory);
  const auto total = std::ssize(series->candidates);
  {
    ProgressBar bar(console, "model upload");
    status = CheckSeriesPackages(*series, directory, [&](size_t number) {
      bar.Show("checking", static_cast<int64_t>(number), total);
    });
    if (!status.ok()) return status;
    bar.Show("checking", total, total);
  }
  CheckedSeries checked = {
      .series = *std::move(series), .model = *std::move(model), .prod = options.prod, .rows = {}};
  for (const SeriesCandidate& candidate : checked.series.candidates) {
    absl::StatusOr<SeriesRow> row =
        DescribeCandidate(directory / candidate.directory, checked.series.EntryOf(candidate));
    if (!row.ok()) return row.status();
    checked.rows.push_back(*std::move(row));
  }
  return checked;
}

// One candidate after another, until one fails.
class SeriesUpload {
 public:
  // All outlive it.
  SeriesUpload(CommandContext& context, StoreClient& store, const SeriesUploadOptions& options,
               CheckedSeries& checked)
      : context_(context), store_(store), options_(options), checked_(checked) {}

  absl::Status Run() {
    for (size_t number = 0; number < checked_.series.candidates.size(); ++number) {
      const SeriesCandidate& candidate = checked_.series.candidates[number];
      const absl::Status status = UploadOne(candidate, checked_.rows[number]);
      if (!status.ok()) return Explain(candidate, number, status);
      done_.push_back(candidate.name);
    }
    return absl::OkStatus();
  }

  const std::vector<UploadedModel>& uploaded() const { return uploaded_; }

 private:
  absl::Status UploadOne(const SeriesCandidate& candidate, SeriesRow& row) {
    const UploadOptions upload = {.name = checked_.model, .patience = options_.patience};
    const absl::StatusOr<UploadedModel> uploaded = [&] {
      UploadDisplay display(context_.console, StrCat("uploading ", candidate.name));
      return store_.Upload(SeriesDirectory(options_.directory) / candidate.directory, upload,
                           [&](const UploadProgress& progress) { display.Show(progress); });
    }();
    if (!uploaded.ok()) return uploaded.status();
    uploaded_.push_back(*uploaded);
    row.version = uploaded->model.version;
    row.aliases = uploaded->model.aliases;
    row.state = uploaded->model.state;
    Tell(candidate, *uploaded);
    if (options_.leave_aliases) return absl::OkStatus();
    absl::Status status = SetAlias(candidate.package->alias, *uploaded);
    if (status.ok() && candidate.name == checked_.prod) status = SetAlias(kProdAlias, *uploaded);
    return status;
  }

  void Tell(const SeriesCandidate& candidate, const UploadedModel& uploaded) {
    if (context_.json) return;
    context_.console.out << candidate.name << ": " << checked_.model << " version "
                         << uploaded.model.version
                         << (uploaded.existed ? " is in the store already" : " is stored") << " ("
                         << BytesText(uploaded.sent_bytes) << " sent)\n";
  }

  // The server loads the version first.
  absl::Status SetAlias(const std::string& alias, const UploadedModel& uploaded) {
    const std::vector<std::string>& has = uploaded.model.aliases;
    if (std::ranges::find(has, alias) != has.end()) return absl::OkStatus();
    const absl::StatusOr<AliasMove> moved =
        store_.SetAlias(checked_.model, alias, uploaded.model.version);
    if (moved.ok()) return absl::OkStatus();
    return absl::Status(
        moved.status().code(),
        StrCat("version ", uploaded.model.version, " is stored, but is not '", alias,
               "': ", moved.status().message(),
               absl::IsPermissionDenied(moved.status()) ? " (--no-aliases does without)" : ""));
  }

  absl::Status Explain(const SeriesCandidate& candidate, size_t number,
                       const absl::Status& status) const {
    const std::string done = done_.empty() ? "nothing is changed before it"
                                           : StrCat(absl::StrJoin(done_, ", "),
                                                    done_.size() == 1 ? " is uploaded and stays"
                                                                      : " are uploaded and stay");
    return absl::Status(
        status.code(), StrCat("candidate '", candidate.name, "', ", number + 1, " of ",
                              checked_.series.candidates.size(), ": ", status.message(), "; ", done,
                              ". The same command goes on with what is missing"));
  }

  CommandContext& context_;
  StoreClient& store_;
  const SeriesUploadOptions& options_;
  CheckedSeries& checked_;
  std::vector<std::string> done_;
  std::vector<UploadedModel> uploaded_;
};

// States and aliases as they are now that all is done. What cannot be asked stays as it was.
void Refresh(Client& client, const std::string& model, std::vector<SeriesRow>& rows) {
  const absl::StatusOr<std::vector<ModelVersion>> versions = client.ListModels();
  if (!versions.ok()) return;
  for (const ModelVersion& version : *versions) {
    for (SeriesRow& row : rows) {
      if (version.name != model || version.version != row.version) continue;
      row.aliases = version.aliases;
      row.state = version.state;
      row.is_default = version.is_default;
    }
  }
}

void PrintSeriesUploaded(CommandContext& context, const CheckedSeries& checked,
                         const std::vector<UploadedModel>& uploaded) {
  if (!context.json) {
    std::vector<SeriesRow> rows = checked.rows;
    SortSeries(rows);
    context.console.out << "\n" << SeriesText(rows);
    return;
  }
  OrderedJson candidates = SeriesJson(checked.rows);
  for (size_t i = 0; i < uploaded.size(); ++i) {
    candidates[i]["existed"] = uploaded[i].existed;
    candidates[i]["sent_bytes"] = uploaded[i].sent_bytes;
  }
  context.console.out << IndentedJson({{"name", checked.model},
                                       {"series", checked.series.name},
                                       {"candidates", std::move(candidates)}})
                      << "\n";
}

}  // namespace

void AddSeriesUploadOptions(CLI::App& command, SeriesUploadOptions& options,
                            const std::vector<CLI::Option*>& others) {
  CLI::Option* series = command
                            .add_option("--series", options.directory,
                                        "Instead of a package: all packages of a series.json")
                            ->type_name("DIR");
  for (CLI::Option* other : others) series->excludes(other);
  command.add_option("--only", options.only, "Of the series, only these candidates")
      ->delimiter(',')
      ->type_name("NAMES")
      ->needs(series);
  CLI::Option* prod = command
                          .add_option("--prod", options.prod,
                                      "The candidate that gets the alias prod: what requests "
                                      "without a version get")
                          ->type_name("NAME")
                          ->needs(series);
  command
      .add_flag("--no-aliases", options.leave_aliases,
                "Give the candidates no aliases; they are then loaded when they are asked for")
      ->needs(series)
      ->excludes(prod);
}

absl::Status RunSeriesUpload(CommandContext& context, const SeriesUploadOptions& options) {
  absl::StatusOr<CheckedSeries> checked = CheckSeries(context.console, options);
  if (!checked.ok()) return checked.status();
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  StoreClient store(**client);
  SeriesUpload upload(context, store, options, *checked);
  if (absl::Status done = upload.Run(); !done.ok()) return done;
  Refresh(**client, checked->model, checked->rows);
  PrintSeriesUploaded(context, *checked, upload.uploaded());
  return absl::OkStatus();
}

}  // namespace sta::client
