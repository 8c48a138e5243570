// SPDX-License-Identifier: Apache-2.0
#include "client/commands/command.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

// The first line of the file or, where there is none, the environment's.
absl::StatusOr<std::string> ReadToken(const std::string& path) {
  if (path.empty()) {
    const char* token = std::getenv("STA_TOKEN");
    return std::string(token == nullptr ? "" : token);
  }
  std::ifstream file(path);
  std::string token;
  if (!std::getline(file, token)) {
    return absl::NotFoundError(
        StrCat("the file '", path, "' of a token cannot be read, or is empty"));
  }
  return std::string(absl::StripAsciiWhitespace(token));
}

}  // namespace

void AddConnectionOptions(CLI::App& app, CommandContext& context) {
  constexpr const char* kGroup = "Connection";
  ClientOptions& connection = context.connection;
  app.add_option("--server", connection.address, "Where sta-server listens: HOST:PORT or unix:PATH")
      ->type_name("ADDRESS")
      ->capture_default_str()
      ->group(kGroup);
  app.add_flag("--tls", connection.tls, "Use TLS; also where one of the next three is given")
      ->group(kGroup);
  app.add_option("--tls-ca", connection.tls_ca,
                 "Authorities that may vouch for the server (PEM); else the system's")
      ->type_name("FILE")
      ->group(kGroup);
  app.add_option("--tls-cert", connection.tls_cert, "Own certificate (PEM)")
      ->type_name("FILE")
      ->group(kGroup);
  app.add_option("--tls-key", connection.tls_key, "Its key (PEM)")
      ->type_name("FILE")
      ->group(kGroup);
  app.add_flag("--tls-unverified", connection.tls_unverified,
               "Use TLS and take any certificate; only where the server is on this host")
      ->group(kGroup);
  app.add_option("--token-file", context.token_file,
                 "File with the token to show; else what is in STA_TOKEN")
      ->type_name("FILE")
      ->group(kGroup);
  app.add_flag("--allow-token-in-clear", connection.allow_token_in_clear,
               "Show the token without TLS to other hosts, too")
      ->group(kGroup);
}

absl::StatusOr<std::unique_ptr<Client>> Connect(CommandContext& context, int max_attempts) {
  context.is_remote = true;
  ClientOptions options = context.connection;
  options.timeout = context.timeout;
  options.max_attempts = max_attempts;
  absl::StatusOr<std::string> token = ReadToken(context.token_file);
  if (!token.ok()) return token.status();
  options.token = *std::move(token);
  return Client::Create(std::move(options));
}

absl::StatusOr<std::string> ChooseModel(Client& client, const std::string& model,
                                        const std::string& task) {
  if (!model.empty()) return model;
  const absl::StatusOr<std::vector<ModelVersion>> versions = client.ListModels();
  if (!versions.ok()) return versions.status();
  std::set<std::string> names;
  for (const ModelVersion& version : *versions) {
    const bool fits = task.empty() || version.task == task;
    if (fits && version.state == "READY") names.insert(version.name);
  }
  if (names.size() == 1) return *names.begin();
  const std::string what = task.empty() ? "model" : StrCat("model for ", task);
  if (names.empty()) {
    return absl::FailedPreconditionError(StrCat("the server has no ready ", what));
  }
  return absl::FailedPreconditionError(
      StrCat("the server has more than one ", what,
             "; choose one by --model: ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<absl::Duration> ParseDuration(const std::string& text) {
  absl::Duration duration;
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    return absl::InvalidArgumentError(
        StrCat("'", text, "' is not a duration such as 30s, 250ms or 1m30s"));
  }
  if (duration <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(StrCat("'", text, "' is not over zero"));
  }
  return duration;
}

std::string CheckDuration(const std::string& text) {
  return std::string(ParseDuration(text).status().message());
}

std::string CheckPositiveInteger(const std::string& text) {
  int64_t value = 0;
  if (absl::SimpleAtoi(text, &value) && value > 0) return "";
  return StrCat("'", text, "' is not an integer over zero");
}

CLI::Option* AddDurationOption(CLI::App& app, const std::string& name, absl::Duration& value,
                               const std::string& description) {
  const auto parse = [&value](const std::string& text) {
    const absl::StatusOr<absl::Duration> duration = ParseDuration(text);
    if (duration.ok()) value = *duration;
    return duration.ok();
  };
  return app
      .add_option_function<std::string>(
          name, [parse](const std::string& text) { parse(text); },
          StrCat(description, " (default: ", absl::FormatDuration(value), ")"))
      ->check(CheckDuration)
      ->type_name("DURATION");
}

}  // namespace sta::client
