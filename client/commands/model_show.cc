// SPDX-License-Identifier: Apache-2.0
//
// stactl model show: one version in full.
#include <optional>

#include "absl/strings/str_join.h"
#include "client/commands/model.h"
#include "client/commands/package_report.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

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

PackageReport ReportOf(const ModelDetails& details) {
  PackageReport report;
  for (const MatrixSummary& matrix : details.matrices) {
    report.matrices.push_back({matrix.name, matrix.pattern, matrix.rows, matrix.columns,
                               matrix.value_bytes, matrix.position_bytes});
  }
  report.package_bytes = details.model.size_bytes;
  report.provenance = details.provenance;
  report.accuracy = details.accuracy;
  return report;
}

void PrintText(const ModelInfo& info, const std::optional<ModelDetails>& details,
               std::ostream& out) {
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
  if (details.has_value()) out << "\n" << PackageReportText(ReportOf(*details));
}

void PrintJson(const ModelInfo& info, const std::optional<ModelDetails>& details,
               std::ostream& out) {
  OrderedJson json =
      details.has_value() ? ModelVersionToJson(details->model) : OrderedJson({{"name", info.name}});
  json["versions"] = info.versions;
  json["platform"] = info.platform;
  json["inputs"] = TensorsToJson(info.inputs);
  json["outputs"] = TensorsToJson(info.outputs);
  json["properties"] = info.properties;
  if (details.has_value()) json["package"] = PackageReportJson(ReportOf(*details));
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
  if (context.json) {
    PrintJson(*info, known, context.console.out);
  } else {
    PrintText(*info, known, context.console.out);
  }
  return absl::OkStatus();
}

}  // namespace

void AddModelShowCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<ModelShowOptions>();
  CLI::App* command = group.add_subcommand("show", "One model: tensors, sizes, matrices, origin");
  command->add_option("NAME", options->name, "Name of the model")->required();
  AddVersionOption(*command, options->version);
  command->footer(R"(
Examples:
  stactl model show minilm
  stactl model show minilm --version 2 --json)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunModelShow(context, *options); };
  });
}

}  // namespace sta::client
