// SPDX-License-Identifier: Apache-2.0
//
// stactl model upload --series: every package of a series into the server's store, as versions of
// one model.
#ifndef CLIENT_COMMANDS_SERIES_UPLOAD_H_
#define CLIENT_COMMANDS_SERIES_UPLOAD_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/commands/command.h"

namespace sta::client {

struct SeriesUploadOptions {
  std::string directory = {};  // of series.json; "": no series is asked for
  std::string name = {};       // of the model; "": the series'
  std::vector<std::string> only = {};
  std::string prod = {};  // the candidate that requests without a version get; "": as it is
  bool leave_aliases = false;
  absl::Duration patience = absl::Minutes(2);
};

// Adds --series and what goes with it; `others` are options of single packages.
void AddSeriesUploadOptions(CLI::App& command, SeriesUploadOptions& options,
                            const std::vector<CLI::Option*>& others);

// Checks all packages before the first byte is sent. A failure later on says which candidates are
// there, and leaves them: the same call goes on.
absl::Status RunSeriesUpload(CommandContext& context, const SeriesUploadOptions& options);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_SERIES_UPLOAD_H_
