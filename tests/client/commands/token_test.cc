// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "server/security/token_table.h"
#include "tests/client/commands/run_stactl.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(TokenCommandTest, MakesATokenThatItsLineKnows) {
  const Outcome run = RunWith({"token", "new", "ci", "--roles", "upload,infer", "--json"});
  ASSERT_EQ(run.code, kExitOk) << run.err;
  const nlohmann::json json = nlohmann::json::parse(run.out);
  const std::string token = json["token"];
  EXPECT_THAT(token, StartsWith("sta_"));
  EXPECT_GE(token.size(), 47u);
  STA_ASSERT_OK_AND_ASSIGN(const TokenTable table,
                           TokenTable::Parse(json["line"].get<std::string>()));
  const Caller* caller = table.FindToken(token, absl::Now());
  ASSERT_NE(caller, nullptr);
  EXPECT_EQ(caller->name, "ci");
  EXPECT_EQ(caller->roles, RoleSet({Role::kInfer, Role::kUpload}));
}

TEST(TokenCommandTest, EveryTokenIsAnother) {
  const std::vector<std::string> command = {"token", "new", "ci", "--roles", "infer"};
  EXPECT_NE(RunWith(command).out, RunWith(command).out);
}

TEST(TokenCommandTest, PrintsTheLineAloneToStandardOutput) {
  const Outcome run = RunWith({"token", "new", "ci", "--roles", "infer"});
  EXPECT_THAT(run.out, AllOf(StartsWith("ci infer sha256:"), Not(HasSubstr("sta_"))));
  EXPECT_THAT(run.err, HasSubstr("sta_"));
}

TEST(TokenCommandTest, WritesTheTokenForItsOwnerOnly) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "ci.token";
  const std::vector<std::string> command = {
      "token", "new", "ci", "--roles", "infer", "-o", path, "--until", "2099-01-01T00:00:00Z"};
  const Outcome run = RunWith(command);
  ASSERT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(run.out + run.err, Not(HasSubstr("sta_")));
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  std::string token;
  std::getline(std::ifstream(path), token);
  STA_ASSERT_OK_AND_ASSIGN(const TokenTable table, TokenTable::Parse(run.out));
  EXPECT_NE(table.FindToken(token, absl::Now()), nullptr);
  EXPECT_EQ(RunWith(command).code, kExitFailed) << "never over another one";
}

TEST(TokenCommandTest, RefusesWhatTheServerWould) {
  for (const std::vector<std::string>& command : {
           std::vector<std::string>{"token", "new", "a b", "--roles", "infer"},
           {"token", "new", "ci", "--roles", "root"},
           {"token", "new", "ci", "--roles", "infer", "--until", "tomorrow"},
       }) {
    const Outcome run = RunWith(command);
    EXPECT_EQ(run.code, kExitFailed);
    EXPECT_THAT(run.err, HasSubstr("the server would refuse it"));
    EXPECT_EQ(run.out, "");
  }
}

TEST(ConnectionOptionsTest, SaysThatATokenCannotBeRead) {
  const Outcome run = RunWith({"model", "list", "--token-file", "/nowhere/token"});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("/nowhere/token"));
}

TEST(ConnectionOptionsTest, KeepsATokenFromGoingInTheClear) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "token";
  std::ofstream(path) << "secret-token\n";
  const Outcome run =
      RunWith({"model", "list", "--server", "sta.example:8001", "--token-file", path});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, AllOf(HasSubstr("in the clear"), Not(HasSubstr("secret-token"))));
}

}  // namespace
}  // namespace sta::client
