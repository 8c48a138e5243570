// SPDX-License-Identifier: Apache-2.0
//
// stactl model list: one line a version.
#include <algorithm>
#include <vector>

#include "absl/strings/str_join.h"
#include "client/commands/model.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

void PrintTable(const std::vector<ModelVersion>& versions, std::ostream& out) {
  Table table({{"model", Align::kLeft},
               {"version", Align::kRight},
               {"aliases", Align::kLeft},
               {"state", Align::kLeft},
               {"task", Align::kLeft},
               {"patterns", Align::kLeft},
               {"bytes", Align::kRight},
               {"tokens", Align::kRight}});
  for (const ModelVersion& version : versions) {
    const std::string state =
        version.reason.empty() ? version.state : StrCat(version.state, ": ", version.reason);
    // The star stands for what requests without a version get.
    table.AddRow({version.name, StrCat(version.is_default ? "*" : "", version.version),
                  absl::StrJoin(version.aliases, ", "), state, version.task,
                  PatternsText(version.patterns), WithThousands(version.size_bytes),
                  WithThousands(version.max_sequence_tokens)});
  }
  out << table.ToString();
}

absl::Status RunModelList(CommandContext& context) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::vector<ModelVersion>> versions = (*client)->ListModels();
  if (!versions.ok()) return versions.status();
  if (context.json) {
    OrderedJson models = OrderedJson::array();
    for (const ModelVersion& version : *versions) models.push_back(ModelVersionToJson(version));
    context.console.out << IndentedJson({{"models", std::move(models)}}) << "\n";
  } else if (versions->empty()) {
    context.console.out << "the server has no models\n";
  } else {
    PrintTable(*versions, context.console.out);
  }
  return absl::OkStatus();
}

}  // namespace

std::string PatternsText(const std::map<std::string, int>& patterns) {
  std::vector<std::pair<std::string, int>> ordered(patterns.begin(), patterns.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [pattern, count] : ordered) {
    StrAppend(&text, text.empty() ? "" : ", ", pattern, " x", count);
  }
  return text;
}

OrderedJson ModelVersionToJson(const ModelVersion& version) {
  OrderedJson json = {{"name", version.name},
                      {"version", version.version},
                      {"state", version.state},
                      {"task", version.task},
                      {"patterns", version.patterns},
                      {"size_bytes", version.size_bytes},
                      {"max_sequence_tokens", version.max_sequence_tokens},
                      {"hidden_size", version.hidden_size},
                      {"arithmetic_version", version.arithmetic_version}};
  json["aliases"] = version.aliases;
  json["is_default"] = version.is_default;
  json["digest"] = version.digest;
  json["memory_bytes"] = version.memory_bytes;
  if (version.created > absl::UnixEpoch()) {
    json["created"] = absl::FormatTime(absl::RFC3339_sec, version.created, absl::UTCTimeZone());
  }
  if (!version.reason.empty()) json["reason"] = version.reason;
  return json;
}

void AddModelListCommand(CLI::App& group, CommandContext& context) {
  CLI::App* command = group.add_subcommand("list", "Every version of every model");
  command->footer(R"(
A star marks what requests without a version get.

Examples:
  stactl model list
  stactl model list --json --server gpu7:8001)");
  command->callback([&context] { context.action = [&context] { return RunModelList(context); }; });
}

}  // namespace sta::client
