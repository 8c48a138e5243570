// SPDX-License-Identifier: Apache-2.0
//
// The configuration file: YAML, or JSON, which is YAML. One flat map whose keys are the names of
// setting_table.h; a list stands for a text with commas between.
//
//   store: /var/lib/sta/models
//   devices: [emulator:4, emulator:4]
//   max_queue_delay: 2ms
#ifndef SERVER_CONFIG_CONFIG_FILE_H_
#define SERVER_CONFIG_CONFIG_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/config/settings.h"

namespace sta {

// Applies every key of `content` to `settings`. INVALID_ARGUMENT for malformed YAML, a key that is
// unknown or stands there twice, and refused values; messages begin "NAME:LINE:".
absl::Status ApplyConfigText(std::string_view content, std::string_view name, Settings& settings);

// Reads the file, at most 1 MiB. NOT_FOUND where it cannot be opened; blocks on file I/O.
absl::Status ApplyConfigFile(const std::string& path, Settings& settings);

}  // namespace sta

#endif  // SERVER_CONFIG_CONFIG_FILE_H_
