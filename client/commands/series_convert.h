// SPDX-License-Identifier: Apache-2.0
//
// stactl convert --series: every candidate of a trained series to a package.
#ifndef CLIENT_COMMANDS_SERIES_CONVERT_H_
#define CLIENT_COMMANDS_SERIES_CONVERT_H_

#include "absl/status/status.h"
#include "client/commands/command.h"
#include "model_store/series/convert_series.h"

namespace sta::client {

absl::Status RunSeriesConvert(CommandContext& context, const ConvertSeriesOptions& options);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_SERIES_CONVERT_H_
