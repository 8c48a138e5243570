// SPDX-License-Identifier: Apache-2.0
#include "server/config/command_line.h"

#include <CLI/CLI.hpp>
#include <map>
#include <string_view>
#include <vector>

#include "server/config/build_version.h"
#include "server/config/config_file.h"
#include "server/config/setting_table.h"
#include "strings/nearest_name.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// What the flags said, unchecked.
struct Flags {
  std::map<std::string_view, std::string> values;  // by the setting's name
  std::string config;
  std::string print;
};

absl::Status RefuseExtra(std::string_view extra) {
  std::string_view flag = extra.substr(0, extra.find('='));
  if (!flag.starts_with("--")) {
    return absl::InvalidArgumentError(
        StrCat("unexpected argument '", extra, "'; every setting is a --flag"));
  }
  flag.remove_prefix(2);
  std::vector<std::string> names = {"config", "help", "version"};
  for (const SettingSpec& spec : SettingTable()) names.push_back(FlagName(spec.name));
  const std::string nearest = NearestName(std::string(flag), names);
  return absl::InvalidArgumentError(StrCat(
      "unknown flag '--", flag, "'; ",
      nearest.empty() ? "--help lists the known ones" : StrCat("did you mean '--", nearest, "'?")));
}

void AddFlags(CLI::App& app, Flags& flags) {
  const Settings defaults;
  app.add_option("--config", flags.config,
                 "YAML or JSON file with the same settings, e.g. 'max_batch_tokens: 8192'. Flags "
                 "override it.")
      ->option_text("FILE");
  for (const SettingSpec& spec : SettingTable()) {
    const std::string value = spec.show(defaults);
    CLI::Option* option =
        app.add_option("--" + FlagName(spec.name), flags.values[spec.name],
                       StrCat(spec.help, value.empty() ? "" : " Default: ", value))
            ->option_text(std::string(spec.value_name));
    // Alone it means yes.
    if (spec.value_name == "BOOL") option->expected(0, 1)->default_str("true");
  }
  app.set_version_flag("--version", StrCat("sta-server ", kBuildVersion));
}

absl::StatusOr<Flags> ParseFlags(int argc, const char* const* argv) {
  Flags flags;
  try {
    CLI::App app("Serves N:M-sparse Transformers over gRPC.", "sta-server");
    app.set_help_flag("--help", "Print this text and stop.");
    app.get_formatter()->column_width(34);
    app.allow_extras();
    AddFlags(app, flags);
    try {
      app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      flags.print = StrCat(app.help(), "\n");
      return flags;
    } catch (const CLI::CallForVersion& e) {
      flags.print = StrCat(e.what(), "\n");
      return flags;
    }
    if (const std::vector<std::string> extras = app.remaining(); !extras.empty()) {
      return RefuseExtra(extras.front());
    }
    // A flag that was not given is not an empty value.
    std::erase_if(flags.values,
                  [&](const auto& entry) { return app.count("--" + FlagName(entry.first)) == 0; });
  } catch (const CLI::Error& e) {
    return absl::InvalidArgumentError(e.what());
  }
  return flags;
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv) {
  absl::StatusOr<Flags> flags = ParseFlags(argc, argv);
  if (!flags.ok()) return flags.status();
  CommandLine command;
  command.print = flags->print;
  if (!command.print.empty()) return command;
  if (!flags->config.empty()) {
    absl::Status status = ApplyConfigFile(flags->config, command.settings);
    if (!status.ok()) return status;
  }
  for (const auto& [name, text] : flags->values) {
    absl::Status status = ApplySetting(name, text, command.settings);
    if (!status.ok()) {
      return absl::Status(status.code(),
                          StrCat("--", FlagName(name), status.message().substr(name.size())));
    }
  }
  if (command.settings.store.empty()) {
    return absl::InvalidArgumentError("--store is missing: the folder of models to serve");
  }
  return command;
}

}  // namespace sta
