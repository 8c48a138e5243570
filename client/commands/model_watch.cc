// SPDX-License-Identifier: Apache-2.0
//
// stactl model watch: a line a change of a version's state.
#include "absl/strings/str_join.h"
#include "client/commands/model.h"
#include "client/store_client.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct ModelWatchOptions {
  std::string name;
  std::string resume_token;
};

std::string EventLine(const ModelEvent& event) {
  const ModelVersion& model = event.model;
  std::string line = StrCat(absl::FormatTime("%H:%M:%E3S", event.time, absl::LocalTimeZone()), " ",
                            model.name, " ", model.version, " ", model.state);
  if (!model.aliases.empty()) StrAppend(&line, " [", absl::StrJoin(model.aliases, ", "), "]");
  if (!model.reason.empty()) StrAppend(&line, ": ", model.reason);
  return line;
}

// Ends when the stream does: by Ctrl-C, with the server, or where nobody reads any more.
absl::Status RunModelWatch(CommandContext& context, const ModelWatchOptions& options) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  std::ostream& out = context.console.out;
  return StoreClient(**client).Watch(
      options.name, options.resume_token, [&](const ModelEvent& event) {
        if (context.json) {
          OrderedJson json = ModelVersionToJson(event.model);
          json["time"] = absl::FormatTime(event.time, absl::UTCTimeZone());
          json["resume_token"] = event.resume_token;
          out << JsonLine(json) << "\n";
        } else {
          out << EventLine(event) << "\n";
        }
        out.flush();
        return out.good();
      });
}

}  // namespace

void AddModelWatchCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<ModelWatchOptions>();
  CLI::App* command = group.add_subcommand("watch", "Show what changes, until Ctrl-C");
  command->add_option("NAME", options->name, "Only this model (default: all)");
  command
      ->add_option("--resume", options->resume_token,
                   "Go on after the event with this token; tokens are in the JSON output")
      ->type_name("TOKEN");
  command->footer(R"(
Begins with every version as it is now.

Examples:
  stactl model watch
  stactl model watch minilm --json)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunModelWatch(context, *options); };
  });
}

}  // namespace sta::client
