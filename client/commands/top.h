// SPDX-License-Identifier: Apache-2.0
//
// What "stactl top" shows: rates of models and devices between two views of a server, as a table
// for a person and as JSON. Pure functions.
#ifndef CLIENT_COMMANDS_TOP_H_
#define CLIENT_COMMANDS_TOP_H_

#include <string>
#include <vector>

#include "client/client.h"
#include "client/console/json_text.h"

namespace sta::client {

// A server at one time, which is that of the devices.
struct TopView {
  std::vector<ModelVersion> models;
  std::vector<ModelTotals> totals;  // of those that are ready
  DeviceList devices;
};

// Rates are those since `before`, and "-" where it is null. `shows_all`: versions that are not
// loaded too.
std::string TopTable(const std::string& server, const TopView& now, const TopView* before,
                     bool shows_all);

// The same with all versions, and null for "-".
OrderedJson TopJson(const TopView& now, const TopView* before);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_TOP_H_
