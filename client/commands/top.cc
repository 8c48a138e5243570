// SPDX-License-Identifier: Apache-2.0
//
// stactl top: what the models and devices of a server do, live.
#include "client/commands/top.h"

#include <optional>
#include <utility>

#include "client/commands/command.h"

namespace sta::client {
namespace {

struct TopOptions {
  bool once = false;
  bool shows_all = false;
  absl::Duration interval = absl::Seconds(1);
};

absl::StatusOr<TopView> LookAt(Client& client, const DeviceList& devices) {
  absl::StatusOr<std::vector<ModelTotals>> totals = client.ModelStatistics();
  if (!totals.ok()) return totals.status();
  absl::StatusOr<std::vector<ModelVersion>> models = client.ListModels();
  if (!models.ok()) return models.status();
  return TopView{.models = *std::move(models), .totals = *std::move(totals), .devices = devices};
}

void Show(CommandContext& context, const TopOptions& options, const TopView& now,
          const TopView* before) {
  std::ostream& out = context.console.out;
  if (context.json) {
    const OrderedJson json = TopJson(now, before);
    out << (options.once ? IndentedJson(json) : JsonLine(json)) << "\n";
  } else {
    // On a terminal each view takes the place of the one before it: home, clear to the end.
    const bool redraw = context.console.out_is_terminal && !options.once;
    out << (redraw ? "\x1b[H\x1b[J" : "")
        << TopTable(context.connection.address, now, before, options.shows_all)
        << (redraw || options.once ? "" : "\n");
  }
  out.flush();
}

// The server's list of devices, which comes at every interval, is the clock. Ends when the stream
// does: by Ctrl-C, with the server, or where nobody reads any more.
absl::Status RunTop(CommandContext& context, const TopOptions& options) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  std::optional<TopView> before;
  absl::Status trouble;
  const absl::Status ended =
      (*client)->WatchDevices(options.interval, [&](const DeviceList& devices) {
        absl::StatusOr<TopView> now = LookAt(**client, devices);
        if (!now.ok()) {
          trouble = now.status();
          return false;
        }
        const absl::Duration passed =
            before.has_value() ? devices.time - before->devices.time : absl::ZeroDuration();
        // A list that comes early tells of a change of state; rates over so short a time are noise.
        const bool is_due = !before.has_value() || 2 * passed >= options.interval;
        const bool shows = options.once ? before.has_value() && is_due : true;
        if (shows) Show(context, options, *now, before.has_value() ? &*before : nullptr);
        if (is_due) before = *std::move(now);
        return context.console.out.good() && !(options.once && shows);
      });
  return trouble.ok() ? ended : trouble;
}

}  // namespace

void AddTopCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<TopOptions>();
  CLI::App* command =
      app.add_subcommand("top", "Show what models and devices do, again and again, until Ctrl-C");
  command->add_flag("--once", options->once, "Watch for one interval, show that and end");
  command->add_flag("--all", options->shows_all, "Also versions that are not loaded");
  AddDurationOption(*command, "--interval", options->interval, "Time between two views");
  command->footer(R"(
All figures but "queued", "tokens", "in flight" and "failures" are of the time since the view before.
ms is the mean time of a request that was answered, from its arrival to its answer; p50 and p99 are
that of the slowest of a half and of 99 % of them, read within the factor of two that a bucket of the
server's histogram is wide; queue and device are means of parts of it. queued is how many requests
wait for a device now, with so many tokens. A star marks what requests without a version get.
Requests for a model that is not ready are not in this table.

Examples:
  stactl top
  stactl top --interval 5s --server gpu7:8001
  stactl top --once --json)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunTop(context, *options); };
  });
}

}  // namespace sta::client
