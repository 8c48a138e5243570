// SPDX-License-Identifier: Apache-2.0
#include "client/commands/text_request.h"

#include <filesystem>
#include <system_error>

#include "client/commands/model.h"
#include "strings/str_cat.h"

namespace sta::client {

void AddTextOptions(CLI::App& command, TextOptions& options) {
  CLI::Option* texts = command.add_option("TEXT", options.texts,
                                          "Texts; without any, they are read from --file or from "
                                          "standard input, one a line");
  command
      .add_option("--model", options.model,
                  "Name of the model; may be left out where only one fits")
      ->type_name("NAME");
  AddVersionOption(command, options.version);
  command.add_option("--file", options.file, "Read the texts from this file, one a line")
      ->type_name("FILE")
      ->excludes(texts);
  command.add_option("--rows", options.rows, "Texts in one request")
      ->check(CheckPositiveInteger)
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--in-flight", options.in_flight, "Requests under way at once")
      ->check(CheckPositiveInteger)
      ->type_name("N")
      ->capture_default_str();
}

absl::StatusOr<std::unique_ptr<TextSource>> OpenTexts(const TextOptions& options, Console& console,
                                                      std::ifstream& file) {
  const BatchLimits limits{.max_rows = options.rows};
  if (!options.texts.empty()) return std::make_unique<ListTextSource>(options.texts, limits);
  if (!options.file.empty()) {
    file.open(options.file, std::ios::binary);
    if (!file) return absl::NotFoundError(StrCat("cannot read ", options.file));
    return std::make_unique<LineTextSource>(file, limits);
  }
  if (console.in_is_terminal) {
    console.err << "reading texts from the terminal, one a line; Ctrl-D ends them\n";
  }
  return std::make_unique<LineTextSource>(console.in, limits);
}

}  // namespace sta::client
