// SPDX-License-Identifier: Apache-2.0
//
// stactl model show: one version in full, and the series that versions of the model are from.
#include <map>
#include <optional>
#include <vector>

#include "absl/strings/str_join.h"
#include "client/commands/model.h"
#include "client/commands/package_report.h"
#include "client/commands/series_table.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

// Of a model, that are looked at for series.
constexpr int kMostVersions = 100;

struct ModelShowOptions {
  std::string name;
  std::string version;
};

OrderedJson TensorsToJson(const std::vector<TensorInfo>& tensors) {
  OrderedJson array = OrderedJson::array();
  for (const TensorInfo& tensor : tensors) {
    array.push_back(
        {{"name", tensor.name}, {"datatype", tensor.datatype}, {"shape", tensor.shape}});
  }
  return array;
}

std::string TensorsText(const std::vector<TensorInfo>& tensors) {
  const auto format = [](std::string* out, const TensorInfo& tensor) {
    StrAppend(out, tensor.name, " ", tensor.datatype, "[", absl::StrJoin(tensor.shape, ","), "]");
  };
  return absl::StrJoin(tensors, ", ", format);
}

PackageReport ServedReport(const ModelDetails& details) {
  PackageReport report;
  for (const MatrixSummary& matrix : details.matrices) {
    report.matrices.push_back({matrix.name, matrix.pattern, matrix.rows, matrix.columns,
                               matrix.value_bytes, matrix.position_bytes});
  }
  report.package_bytes = details.model.size_bytes;
  report.provenance = details.provenance;
  report.accuracy = details.accuracy;
  report.series = details.series;
  return report;
}

using SeriesByName = std::map<std::string, std::vector<SeriesRow>>;

// The versions of the model that have a place in a series, by the series' names. What vanishes
// meanwhile is left out.
absl::StatusOr<SeriesByName> FindSeries(Client& client, const std::string& name) {
  const absl::StatusOr<std::vector<ModelVersion>> versions = client.ListModels();
  if (!versions.ok()) return versions.status();
  SeriesByName series;
  int asked = 0;
  for (const ModelVersion& version : *versions) {  // newest first
    if (version.name != name || ++asked > kMostVersions) continue;
    const absl::StatusOr<ModelDetails> details = client.GetModel(name, StrCat(version.version));
    if (absl::IsNotFound(details.status())) continue;
    if (!details.ok()) return details.status();
    if (!details->series.has_value()) continue;
    series[details->series->series].push_back(
        RowOf(*details->series, ServedReport(*details), details->model));
  }
  for (auto& [of, rows] : series) SortSeries(rows);
  return series;
}

void PrintText(const ModelInfo& info, const std::optional<ModelDetails>& details,
               const SeriesByName& series, std::ostream& out) {
  out << "model    " << info.name << "\n";
  if (details.has_value()) {
    const ModelVersion& model = details->model;
    out << "version  " << model.version << " " << model.state
        << (model.reason.empty() ? "" : ": " + model.reason) << "\n"
        << "aliases  " << (model.aliases.empty() ? "none" : absl::StrJoin(model.aliases, ", "))
        << (model.is_default ? "; what requests without a version get" : "") << "\n"
        << "digest   " << model.digest << "\n"
        << "task     " << model.task << "\n"
        << "size     " << WithThousands(model.size_bytes) << " bytes";
    if (model.hidden_size > 0) {  // not a diagnostic model
      out << ", hidden size " << model.hidden_size << ", at most " << model.max_sequence_tokens
          << " tokens";
    }
    out << "\n";
  } else {
    out << "versions " << absl::StrJoin(info.versions, ", ") << "\n";
  }
  out << "inputs   " << TensorsText(info.inputs) << "\n"
      << "outputs  " << TensorsText(info.outputs) << "\n";
  for (const auto& [key, value] : info.properties) out << key << ": " << value << "\n";
  if (details.has_value()) out << "\n" << PackageReportText(ServedReport(*details));
  for (const auto& [name, rows] : series) out << "\n" << SeriesText(rows);
}

void PrintJson(const ModelInfo& info, const std::optional<ModelDetails>& details,
               const SeriesByName& series, std::ostream& out) {
  OrderedJson json =
      details.has_value() ? ModelVersionToJson(details->model) : OrderedJson({{"name", info.name}});
  json["versions"] = info.versions;
  json["platform"] = info.platform;
  json["inputs"] = TensorsToJson(info.inputs);
  json["outputs"] = TensorsToJson(info.outputs);
  json["properties"] = info.properties;
  if (details.has_value()) json["package"] = PackageReportJson(ServedReport(*details));
  for (const auto& [name, rows] : series) json["series"][name] = SeriesJson(rows);
  out << IndentedJson(json) << "\n";
}

absl::Status RunModelShow(CommandContext& context, const ModelShowOptions& options) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::StatusOr<ModelInfo> info = (*client)->ModelMetadata(options.name, options.version);
  if (!info.ok()) return info.status();
  absl::StatusOr<ModelDetails> details = (*client)->GetModel(options.name, options.version);
  std::optional<ModelDetails> known;
  if (details.ok()) {
    known = *std::move(details);
  } else if (!absl::IsUnimplemented(details.status())) {  // other servers have no store
    return details.status();
  }
  absl::StatusOr<SeriesByName> series = SeriesByName();
  if (known.has_value()) series = FindSeries(**client, options.name);
  if (!series.ok()) return series.status();
  if (context.json) {
    PrintJson(*info, known, *series, context.console.out);
  } else {
    PrintText(*info, known, *series, context.console.out);
  }
  return absl::OkStatus();
}

}  // namespace

void AddModelShowCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<ModelShowOptions>();
  CLI::App* command =
      group.add_subcommand("show", "One model: tensors, sizes, matrices, origin, series");
  command->add_option("NAME", options->name, "Name of the model")->required();
  AddVersionOption(*command, options->version);
  command->footer(R"(
Where versions of the model are candidates of a series (stactl model upload --series), a table has
them side by side: what they keep, what they score, and which one requests without a version get (a
star).

Examples:
  stactl model show minilm
  stactl model show minilm --version 2 --json)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunModelShow(context, *options); };
  });
}

}  // namespace sta::client
