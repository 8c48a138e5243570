// SPDX-License-Identifier: Apache-2.0
//
// stactl health: whether the server serves, for probes: a line, and the exit code.
#include <algorithm>
#include <string>
#include <vector>

#include "client/commands/command.h"
#include "client/console/json_text.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct HealthOptions {
  bool live = false;
  bool or_tls = false;
  std::string service;
};

absl::StatusOr<std::string> StateOf(Client& client, const HealthOptions& options) {
  if (options.live) {
    const absl::StatusOr<bool> is_live = client.ServerLive();
    if (!is_live.ok()) return is_live.status();
    return std::string(*is_live ? "LIVE" : "NOT_LIVE");
  }
  const absl::StatusOr<Health> health = client.CheckHealth(options.service);
  if (!health.ok()) return health.status();
  return std::string(*health == Health::kServing ? "SERVING" : "NOT_SERVING");
}

absl::StatusOr<std::string> AskOnce(CommandContext& context, const HealthOptions& options) {
  // Who probes asks again by himself.
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context, 1);
  if (!client.ok()) return client.status();
  return StateOf(**client, options);
}

absl::Status RunHealth(CommandContext& context, const HealthOptions& options) {
  absl::StatusOr<std::string> state = AskOnce(context, options);
  if (options.or_tls && absl::IsUnavailable(state.status())) {
    context.connection.tls_unverified = true;
    state = AskOnce(context, options);
  }
  if (!state.ok()) return state.status();
  if (context.json) {
    context.console.out << JsonLine({{"state", *state}}) << "\n";
  } else {
    context.console.out << *state << "\n";
  }
  if (!state->starts_with("NOT")) return absl::OkStatus();
  return absl::UnavailableError(StrCat("the server says ", *state));
}

}  // namespace

void AddHealthCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<HealthOptions>();
  CLI::App* command = app.add_subcommand("health", "Ask whether the server serves, as probes do");
  CLI::Option* live = command->add_flag(
      "--live", options->live, "Whether it answers at all, rather than whether models serve");
  command
      ->add_option("--service", options->service,
                   "What is asked for: a model's name; without it the whole server")
      ->type_name("NAME")
      ->excludes(live);
  command->add_flag("--or-tls", options->or_tls,
                    "Where that gets no answer in the clear, ask again as with --tls-unverified");
  command->footer(R"(
Needs no token. The exit code is 0 where it serves, and 1 where it does not or cannot be reached.

Examples:
  stactl health
  stactl health --live --timeout 1s
  stactl health --service minilm
  stactl health --tls-unverified                  # of a server with TLS on this host
  stactl health --live --or-tls                   # of one of which that is not known)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunHealth(context, *options); };
  });
}

}  // namespace sta::client
