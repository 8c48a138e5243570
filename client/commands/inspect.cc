// SPDX-License-Identifier: Apache-2.0
//
// stactl inspect: what a package on disk holds.
#include "absl/strings/str_join.h"
#include "client/commands/command.h"
#include "client/commands/opened_package.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

OrderedJson ConfigJson(const ModelConfig& config, const Manifest& manifest) {
  return {{"task", std::string(TaskName(config.task))},
          {"model_type", config.model_type},
          {"layers", config.layer_count},
          {"heads", config.head_count},
          {"hidden_size", config.hidden_size},
          {"intermediate_size", config.intermediate_size},
          {"vocabulary_size", config.vocabulary_size},
          {"max_sequence_tokens", config.max_sequence_tokens},
          {"labels", config.labels},
          {"format_version", manifest.format_version},
          {"arithmetic_version", manifest.arithmetic_version}};
}

OrderedJson TensorsJson(const std::vector<DeclaredTensor>& tensors) {
  OrderedJson list = OrderedJson::array();
  for (const DeclaredTensor& tensor : tensors) {
    list.push_back({{"name", tensor.name},
                    {"datatype", std::string(DatatypeName(tensor.datatype))},
                    {"dims", tensor.dims}});
  }
  return list;
}

OrderedJson ConfigJson(const DiagnosticConfig& config, const Manifest& manifest) {
  return {{"task", std::string(OperationName(config.operation))},
          {"delay_us", config.delay_us},
          {"max_batch_size", config.max_batch_size},
          {"inputs", TensorsJson(config.inputs)},
          {"outputs", TensorsJson(config.outputs)},
          {"format_version", manifest.format_version}};
}

std::string ConfigText(const ModelConfig& config, const Manifest& manifest) {
  return StrCat(TaskName(config.task), ", ", config.model_type, ", ", config.layer_count,
                " layers, hidden size ", config.hidden_size, ", at most ",
                config.max_sequence_tokens, " tokens; format ", manifest.format_version,
                ", arithmetic ", manifest.arithmetic_version, "\n\n");
}

std::string ConfigText(const DiagnosticConfig& config, const Manifest& manifest) {
  Table tensors({{"tensor", Align::kLeft}, {"datatype", Align::kLeft}, {"dims", Align::kLeft}});
  for (const auto* list : {&config.inputs, &config.outputs}) {
    for (const DeclaredTensor& tensor : *list) {
      tensors.AddRow({tensor.name, std::string(DatatypeName(tensor.datatype)),
                      StrCat("[", absl::StrJoin(tensor.dims, ","), "]")});
    }
  }
  return StrCat("diagnostic ", OperationName(config.operation), ", ",
                config.max_batch_size > 0 ? StrCat("batches of at most ", config.max_batch_size)
                                          : "no batches",
                ", delay ", absl::FormatDuration(absl::Microseconds(config.delay_us)), "; format ",
                manifest.format_version, "\n\n", tensors.ToString());
}

void PrintText(const Package& package, std::ostream& out) {
  const Manifest& manifest = package.manifest();
  out << (package.kind() == PackageKind::kDiagnostic ? ConfigText(package.diagnostic(), manifest)
                                                     : ConfigText(package.config(), manifest))
      << PackageReportText(ReportOf(manifest)) << "\n";
  Table files({{"file", Align::kLeft}, {"bytes", Align::kRight}});
  for (const auto& [name, entry] : manifest.files) {
    files.AddRow({name, WithThousands(entry.size_bytes)});
  }
  out << files.ToString();
}

absl::Status RunInspect(CommandContext& context, const std::string& path) {
  const absl::StatusOr<std::shared_ptr<const Package>> package =
      Package::Open(path, PackageCheck::kStructure);
  if (!package.ok()) return package.status();
  if (context.json) {
    const Manifest& manifest = (*package)->manifest();
    OrderedJson json = (*package)->kind() == PackageKind::kDiagnostic
                           ? ConfigJson((*package)->diagnostic(), manifest)
                           : ConfigJson((*package)->config(), manifest);
    json.update(PackageReportJson(ReportOf(manifest)));
    for (const auto& [name, entry] : manifest.files) {
      json["files"][name] = {{"size_bytes", entry.size_bytes}, {"sha256", entry.sha256}};
    }
    context.console.out << IndentedJson(json) << "\n";
  } else {
    PrintText(**package, context.console.out);
  }
  return absl::OkStatus();
}

}  // namespace

void AddInspectCommand(CLI::App& app, CommandContext& context) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("inspect", "Show what a package holds, and its sizes");
  command->add_option("PACKAGE", *path, "Directory of the package")->required();
  command->footer(R"(
"positions" are the bytes that say which weights were kept, "bound" the fewest that could say it.
Needs no server.

Examples:
  stactl inspect store/minilm/1
  stactl inspect store/minilm/1 --json)");
  command->callback([&context, path] {
    context.action = [&context, path] { return RunInspect(context, *path); };
  });
}

}  // namespace sta::client
