// SPDX-License-Identifier: Apache-2.0
//
// From a package's manifest to the report that the commands print. Pure functions.
#ifndef CLIENT_COMMANDS_OPENED_PACKAGE_H_
#define CLIENT_COMMANDS_OPENED_PACKAGE_H_

#include "client/commands/package_report.h"
#include "model_store/package/package.h"

namespace sta::client {

PackageReport ReportOf(const Manifest& manifest);
SeriesPlace PlaceOf(const SeriesEntry& entry);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_OPENED_PACKAGE_H_
