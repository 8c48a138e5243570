// SPDX-License-Identifier: Apache-2.0
//
// How the commands below "stactl devices" show devices. Pure functions.
#ifndef CLIENT_COMMANDS_DEVICES_H_
#define CLIENT_COMMANDS_DEVICES_H_

#include <string>

#include "client/client.h"
#include "client/commands/command.h"
#include "client/console/json_text.h"

namespace sta::client {

// One line a device. The share of time that it was busy is that since `before`; null: since the
// counters began.
std::string DevicesTable(const DeviceList& list, const DeviceList* before);
// The same with everything that the server says.
OrderedJson DevicesJson(const DeviceList& list, const DeviceList* before);

void AddDevicesQuarantineCommand(CLI::App& group, CommandContext& context);
void AddDevicesReleaseCommand(CLI::App& group, CommandContext& context);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_DEVICES_H_
