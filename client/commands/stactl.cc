// SPDX-License-Identifier: Apache-2.0
#include "client/commands/stactl.h"

#include <exception>
#include <string_view>

#include "client/commands/command.h"
#include "client/commands/failure.h"
#include "strings/nearest_name.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

constexpr const char* kExamples = R"(
Examples:
  stactl embed --similarity "A cat sleeps." "The kitten naps." "Shares fell."
  stactl embed --file corpus.txt --output vectors.npy
  stactl convert --model DIR --output store/minilm/1 --pattern 2:8 --calibrate text.txt
  stactl model list
  stactl top
  stactl bench --concurrency 1,4,16 --duration 10s
  stactl token new ci --roles upload --output ci.token >> tokens

--server, --timeout, --json and the like may stand before or after the command.
Exit codes: 0 done, 1 the request or operation failed, 2 the command line is wrong.)";

void AddCommands(CLI::App& app, CommandContext& context) {
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", "stactl " STA_VERSION, "Print the version");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kExamples);
  AddConnectionOptions(app, context);
  AddDurationOption(app, "--timeout", context.timeout, "Limit of each request");
  app.add_flag("--json", context.json, "Print results as JSON");
  AddEmbedCommand(app, context);
  AddClassifyCommand(app, context);
  AddInferCommand(app, context);
  AddModelCommand(app, context);
  AddDevicesCommand(app, context);
  AddHealthCommand(app, context);
  AddTopCommand(app, context);
  AddConvertCommand(app, context);
  AddDiagnosticCommand(app, context);
  AddInspectCommand(app, context);
  AddVerifyCommand(app, context);
  AddDisasmCommand(app, context);
  AddXclbinCommand(app, context);
  AddBenchCommand(app, context);
  AddTokenCommand(app, context);
}

// The subcommands that were given: {app, embed} or {app, model, list}.
std::vector<const CLI::App*> ParsedPath(const CLI::App& app) {
  std::vector<const CLI::App*> path = {&app};
  while (!path.back()->get_subcommands().empty()) {
    path.push_back(path.back()->get_subcommands().front());
  }
  return path;
}

// "model list" for stactl model list.
std::string CommandName(const CLI::App& app) {
  std::string name;
  for (const CLI::App* command : ParsedPath(app)) {
    if (command == &app) continue;
    StrAppend(&name, name.empty() ? "" : " ", command->get_name());
  }
  return name;
}

// The help of the command that was given; its usage line has the words before it, too.
std::string HelpOf(const CLI::App& app) {
  const std::vector<const CLI::App*> path = ParsedPath(app);
  std::string before;
  for (const CLI::App* command : path) {
    if (command == path.back()) continue;
    StrAppend(&before, before.empty() ? "" : " ", command->get_name());
  }
  return path.back()->help(before);
}

std::vector<std::string> OptionNames(const std::vector<const CLI::App*>& path) {
  std::vector<std::string> names;
  for (auto command = path.rbegin(); command != path.rend(); ++command) {
    for (const CLI::Option* option : (*command)->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

// What is wrong with the first argument that no option or command took.
std::string DescribeLeftOver(const CLI::App& app, const std::string& argument) {
  const std::vector<const CLI::App*> path = ParsedPath(app);
  const bool is_option = argument.size() > 1 && argument[0] == '-';
  std::vector<std::string> candidates;
  std::string kind = "unexpected argument";
  std::string word = argument;
  if (is_option) {
    kind = "unknown option";
    word = argument.substr(0, argument.find('='));
    candidates = OptionNames(path);
  } else {
    for (const CLI::App* command :
         path.back()->get_subcommands([](const CLI::App*) { return true; })) {
      kind = "unknown command";
      candidates.push_back(command->get_name());
    }
  }
  const std::string nearest = NearestName(word, candidates);
  return StrCat(kind, " '", word, "'",
                nearest.empty() ? "" : StrCat("; did you mean '", nearest, "'?"));
}

int ReportUsage(const CLI::App& app, const CLI::ParseError& error, Console& console) {
  const std::string command = CommandName(app);
  const std::string name = command.empty() ? "stactl" : StrCat("stactl ", command);
  const std::vector<std::string> left_over = app.remaining(true);
  const std::string what =
      left_over.empty() ? std::string(error.what()) : DescribeLeftOver(app, left_over.front());
  console.err << name << ": " << what << "; see " << name << " --help\n";
  return kExitUsage;
}

int RunAction(const CLI::App& app, CommandContext& context) {
  const absl::Status status = context.action();
  context.console.out.flush();
  if (status.ok()) return kExitOk;
  context.console.err << DescribeFailure(status, {.command = CommandName(app),
                                                  .is_remote = context.is_remote,
                                                  .server = context.connection.address,
                                                  .timeout = context.timeout})
                      << "\n";
  return kExitFailed;
}

}  // namespace

int RunStactl(const std::vector<std::string>& args, Console& console) {
  CLI::App app("Talks to sta-server, and makes and examines the models that it serves.", "stactl");
  CommandContext context{.console = console, .action = {}};
  AddCommands(app, context);
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::CallForHelp&) {
    console.out << HelpOf(app) << "\n";
    return kExitOk;
  } catch (const CLI::Success& success) {  // --version
    console.out << success.what() << "\n";
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    return ReportUsage(app, error, console);
  }
  return RunAction(app, context);
}

}  // namespace sta::client
