// SPDX-License-Identifier: Apache-2.0
//
// stactl devices: the devices of the server, once or live, and the group of the commands about
// them.
#include "client/commands/devices.h"

#include <optional>

#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct DevicesOptions {
  bool watch = false;
  absl::Duration interval = absl::Seconds(1);
};

absl::Status RunDevicesList(CommandContext& context) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::StatusOr<DeviceList> list = (*client)->ListDevices();
  if (!list.ok()) return list.status();
  if (context.json) {
    context.console.out << IndentedJson(DevicesJson(*list, nullptr)) << "\n";
  } else {
    context.console.out << DevicesTable(*list, nullptr);
  }
  return absl::OkStatus();
}

// Ends when the stream does: by Ctrl-C, with the server, or where nobody reads any more.
absl::Status RunDevicesWatch(CommandContext& context, const DevicesOptions& options) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  std::ostream& out = context.console.out;
  std::optional<DeviceList> before;
  return (*client)->WatchDevices(options.interval, [&](const DeviceList& list) {
    const DeviceList* earlier = before.has_value() ? &*before : nullptr;
    if (context.json) {
      out << JsonLine(DevicesJson(list, earlier)) << "\n";
    } else {
      // On a terminal each table takes the place of the one before it: home, clear to the end.
      const bool redraw = context.console.out_is_terminal;
      out << (redraw               ? "\x1b[H\x1b[J"
              : earlier == nullptr ? ""
                                   : "\n")
          << DevicesTable(list, earlier);
    }
    out.flush();
    before = list;
    return out.good();
  });
}

}  // namespace

void AddDevicesCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<DevicesOptions>();
  CLI::App* group = app.add_subcommand(
      "devices", "Show the devices of the server, take one out of service, put it back");
  CLI::Option* watch =
      group->add_flag("--watch", options->watch, "Show them again and again, until Ctrl-C");
  AddDurationOption(*group, "--interval", options->interval,
                    "With --watch: time between two views; a change of state shows at once")
      ->needs(watch);
  group->footer(R"(
busy is the share of the time since the server started with a batch on the device; in --watch, from
the second view on, of the time since the view before. audits are the batches that were computed on
a second device, too: those that were right, of all that were compared. detail tells why a device
is out of service where it is.

Examples:
  stactl devices
  stactl devices --watch --interval 500ms
  stactl devices --json
  stactl devices quarantine xrt:0 --reason "fan replaced on Friday"
  stactl devices release xrt:0)");
  AddDevicesQuarantineCommand(*group, context);
  AddDevicesReleaseCommand(*group, context);
  group->callback([&context, options, group] {
    if (!group->get_subcommands().empty()) return;
    context.action = [&context, options] {
      return options->watch ? RunDevicesWatch(context, *options) : RunDevicesList(context);
    };
  });
}

}  // namespace sta::client
