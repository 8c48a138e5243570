// SPDX-License-Identifier: Apache-2.0
//
// The one table of settings: flags, keys of the configuration file, --help and the table in
// docs/operations.md all come from it, so they cannot disagree. To add a setting, add a member to
// Settings and a row to the table.
//
//   Status s = ApplySetting("max_batch_tokens", "8192", settings);
//
// Pure functions over constant data; thread-safe.
#ifndef SERVER_CONFIG_SETTING_TABLE_H_
#define SERVER_CONFIG_SETTING_TABLE_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/config/settings.h"

namespace sta {

struct SettingSpec {
  std::string_view name;        // key in the file: "max_batch_tokens"
  std::string_view value_name;  // "TOKENS"
  std::string_view help;        // one sentence
  // Checks `text` and stores its meaning. INVALID_ARGUMENT says what is allowed.
  absl::Status (*apply)(std::string_view text, Settings& settings);
  // The value as text that `apply` reads back.
  std::string (*show)(const Settings& settings);
};

std::span<const SettingSpec> SettingTable();

// "max_batch_tokens" -> "max-batch-tokens".
std::string FlagName(std::string_view setting_name);

// Applies one setting by its name in the file. INVALID_ARGUMENT: an unknown name (the message
// names the nearest known one) or a value that the setting refuses ("max_batch_tokens: ...").
absl::Status ApplySetting(std::string_view name, std::string_view text, Settings& settings);

// The flags as a Markdown table: flag, default, meaning.
std::string SettingsMarkdown();

}  // namespace sta

#endif  // SERVER_CONFIG_SETTING_TABLE_H_
