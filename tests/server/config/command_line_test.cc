// SPDX-License-Identifier: Apache-2.0
#include "server/config/command_line.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "server/config/setting_table.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::StartsWith;

absl::StatusOr<CommandLine> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "sta-server");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

TEST(CommandLineTest, ReadsFlagsInBothSpellings) {
  STA_ASSERT_OK_AND_ASSIGN(const CommandLine command,
                           Parse({"--store", "/models", "--listen=0.0.0.0:0", "--metrics", "",
                                  "--max-queue-delay", "1ms"}));
  EXPECT_EQ(command.print, "");
  EXPECT_EQ(command.settings.store, "/models");
  EXPECT_EQ(command.settings.listen, (std::vector<Address>{{"0.0.0.0", 0}}));
  EXPECT_EQ(command.settings.metrics, Address{});
  EXPECT_EQ(command.settings.max_queue_delay, absl::Milliseconds(1));
  EXPECT_EQ(command.settings.max_batch_tokens, Settings{}.max_batch_tokens);
}

TEST(CommandLineTest, AYesOrNoAloneMeansYes) {
  STA_ASSERT_OK_AND_ASSIGN(const CommandLine command,
                           Parse({"--allow-diagnostic-models", "--pin-threads", "false", "--store",
                                  "/models", "--store-read-only"}));
  EXPECT_TRUE(command.settings.allow_diagnostic_models);
  EXPECT_FALSE(command.settings.pin_threads);
  EXPECT_TRUE(command.settings.store_read_only);
  EXPECT_EQ(command.settings.store, "/models");
  EXPECT_THAT(Parse({"--store", "/m", "--pin-threads=perhaps"}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("--pin-threads: 'perhaps'")));
}

TEST(CommandLineTest, FlagsOverrideTheFile) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "config.yaml";
  std::ofstream(path) << "store: /from-file\nmax_batch_tokens: 100\nlog_format: text\n";
  STA_ASSERT_OK_AND_ASSIGN(
      const CommandLine command,
      Parse({"--max-batch-tokens", "200", "--config", path.c_str(), "--log-format", "json"}));
  EXPECT_EQ(command.settings.store, "/from-file");
  EXPECT_EQ(command.settings.max_batch_tokens, 200);
  EXPECT_EQ(command.settings.log_format, "json");
}

TEST(CommandLineTest, HelpListsEverySettingAndItsDefault) {
  STA_ASSERT_OK_AND_ASSIGN(const CommandLine command, Parse({"--help"}));
  for (const SettingSpec& spec : SettingTable()) {
    EXPECT_THAT(command.print, HasSubstr("--" + FlagName(spec.name)));
  }
  EXPECT_THAT(command.print, HasSubstr("Default: 127.0.0.1:8001"));
  EXPECT_THAT(command.print, HasSubstr("--config FILE"));
}

TEST(CommandLineTest, VersionIsOneLine) {
  STA_ASSERT_OK_AND_ASSIGN(const CommandLine command, Parse({"--version"}));
  EXPECT_THAT(command.print, StartsWith("sta-server "));
  EXPECT_EQ(command.print.find('\n'), command.print.size() - 1);
}

TEST(CommandLineTest, RefusesWithTheReason) {
  struct Case {
    std::vector<const char*> arguments;
    const char* message;
  };
  for (const Case& c : {
           Case{{}, "--store is missing"},
           Case{{"--stroe", "/m"}, "unknown flag '--stroe'; did you mean '--store'?"},
           Case{{"--stroe=/m"}, "unknown flag '--stroe'; did you mean '--store'?"},
           Case{{"--max_batch_tokens", "1"}, "did you mean '--max-batch-tokens'?"},
           Case{{"--verbosity", "3"}, "unknown flag '--verbosity'; --help lists the known ones"},
           Case{{"--store", "/m", "/n"}, "unexpected argument '/n'"},
           Case{{"-s", "/m"}, "unexpected argument '-s'"},
           Case{{"--store"}, "--store"},
           Case{{"--store", "/a", "--store", "/b"}, "--store"},
           Case{{"--store", ""}, "--store: the path is empty"},
           Case{{"--store", "/m", "--listen", "8001"}, "--listen: '8001' is not an address"},
           Case{{"--store", "/m", "--drain-timeout", "soon"},
                "--drain-timeout: 'soon' is not a duration"},
       }) {
    EXPECT_THAT(Parse(c.arguments), StatusIs(StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << testing::PrintToString(c.arguments);
  }
  EXPECT_THAT(Parse({"--config", "/nowhere/sta.yaml"}),
              StatusIs(StatusCode::kNotFound, HasSubstr("/nowhere/sta.yaml")));
}

}  // namespace
}  // namespace sta
