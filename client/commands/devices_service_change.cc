// SPDX-License-Identifier: Apache-2.0
//
// stactl devices quarantine and release: takes a device out of service and puts it back.
#include "client/commands/devices.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct QuarantineOptions {
  std::string name;
  std::string reason;
  bool force = false;
};

// `what` happened to the device, for a person.
void PrintDone(CommandContext& context, const std::string& name, const std::string& what) {
  if (context.json) {
    context.console.out << JsonLine({{"name", name}, {"done", true}}) << "\n";
  } else {
    context.console.out << name << " " << what << "\n";
  }
}

absl::Status RunQuarantine(CommandContext& context, const QuarantineOptions& options) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::Status status =
      (*client)->QuarantineDevice(options.name, options.reason, options.force);
  if (status.ok()) {
    PrintDone(context, options.name,
              StrCat("gets no more batches until: stactl devices release ", options.name));
  }
  return status;
}

absl::Status RunRelease(CommandContext& context, const std::string& name) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::Status status = (*client)->ReleaseDevice(name);
  if (status.ok()) {
    PrintDone(context, name, "is tested and back in service when it passes: stactl devices");
  }
  return status;
}

}  // namespace

void AddDevicesQuarantineCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<QuarantineOptions>();
  CLI::App* command =
      group.add_subcommand("quarantine", "Take a device out of service until it is released");
  command->add_option("NAME", options->name, "Name of the device")->required();
  command->add_option("--reason", options->reason, "Shown to others and logged")->type_name("TEXT");
  command->add_flag("--force", options->force, "Even where no other device is ready");
  command->footer(R"(
No request fails by it: the device finishes what it has begun, and others take the rest. The last
device that is ready is taken only with --force; requests then wait, and are refused in the end.

Examples:
  stactl devices quarantine xrt:0
  stactl devices quarantine xrt:0 --reason "fan replaced on Friday" --force)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunQuarantine(context, *options); };
  });
}

void AddDevicesReleaseCommand(CLI::App& group, CommandContext& context) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand("release", "Test a device now and put it into service");
  command->add_option("NAME", *name, "Name of the device")->required();
  command->footer(R"(
Ends a quarantine of an operator's, or the wait for the next attempt of a device that failed. The
device must give a known answer before it is ready: stactl devices shows whether it did.

Examples:
  stactl devices release xrt:0)");
  command->callback([&context, name] {
    context.action = [&context, name] { return RunRelease(context, *name); };
  });
}

}  // namespace sta::client
