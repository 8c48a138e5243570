// SPDX-License-Identifier: Apache-2.0
//
// stactl token: makes tokens, and the lines by which a server knows them.
#include <fcntl.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "client/commands/command.h"
#include "client/console/json_text.h"
#include "model_store/package/sha256.h"
#include "server/security/token_table.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct TokenNewOptions {
  std::string name;
  std::string roles;
  std::string until;
  std::string output;
};

// 256 random bits, behind a prefix by which a token that leaked is recognized as one.
absl::StatusOr<std::string> MakeToken() {
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return absl::InternalError("there are no random numbers to be had");
  }
  return StrCat("sta_", absl::WebSafeBase64Escape(
                            {reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

// A new file that only its owner reads.
absl::Status WriteSecret(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    return absl::FailedPreconditionError(
        StrCat("'", path, "' cannot be made: it exists, or its folder cannot be written"));
  }
  const bool is_written = write(file, text.data(), text.size()) == std::ssize(text);
  if (close(file) == 0 && is_written) return absl::OkStatus();
  unlink(path.c_str());
  return absl::ResourceExhaustedError(StrCat("'", path, "' cannot be written: is the disk full?"));
}

absl::Status RunTokenNew(CommandContext& context, const TokenNewOptions& options) {
  const absl::StatusOr<std::string> token = MakeToken();
  if (!token.ok()) return token.status();
  const std::string until = options.until.empty() ? "" : StrCat(" until:", options.until);
  const std::string line =
      StrCat(options.name, " ", options.roles, " sha256:", Sha256Hex(*token), until);
  if (const absl::Status sound = TokenTable::Parse(line).status(); !sound.ok()) {
    return absl::InvalidArgumentError(StrCat("the server would refuse it: ", sound.message()));
  }
  const bool is_shown = options.output.empty();
  if (!is_shown) {
    if (absl::Status written = WriteSecret(options.output, *token + "\n"); !written.ok()) {
      return written;
    }
  }
  if (context.json) {
    OrderedJson json;
    if (is_shown) json["token"] = *token;
    json["line"] = line;
    context.console.out << IndentedJson(json) << "\n";
    return absl::OkStatus();
  }
  if (is_shown) context.console.err << "token, which nobody can show you again: " << *token << "\n";
  context.console.out << line << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddTokenCommand(CLI::App& app, CommandContext& context) {
  CLI::App* group = app.add_subcommand("token", "Make tokens for a server that needs them");
  group->require_subcommand(1);
  auto options = std::make_shared<TokenNewOptions>();
  CLI::App* command = group->add_subcommand(
      "new", "Make a token, and print the line for the server's file of tokens (--tokens)");
  command->add_option("NAME", options->name, "Who it is for, as logs will call it")->required();
  command->add_option("--roles", options->roles, "Of infer, upload and admin, with commas between")
      ->type_name("ROLES")
      ->required();
  command->add_option("--until", options->until, "When it expires, e.g. 2027-06-30T00:00:00Z")
      ->type_name("TIME");
  command
      ->add_option("-o,--output", options->output,
                   "New file for the token, which is not printed then")
      ->type_name("FILE");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunTokenNew(context, *options); };
  });
}

}  // namespace sta::client
