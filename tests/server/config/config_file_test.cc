// SPDX-License-Identifier: Apache-2.0
#include "server/config/config_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

TEST(ConfigFileTest, ReadsYaml) {
  Settings settings;
  ASSERT_THAT(ApplyConfigText("# a comment\n"
                              "store: /models\n"
                              "listen: \"[::1]:9001\"\n"
                              "metrics: \"off\"\n"
                              "devices: [emulator:2, emulator]\n"
                              "max_queue_delay: 2ms\n",
                              "sta.yaml", settings),
              IsOk());
  EXPECT_EQ(settings.store, "/models");
  EXPECT_EQ(settings.listen, (std::vector<Address>{{"::1", 9001}}));
  EXPECT_EQ(settings.metrics, Address{});
  EXPECT_EQ(settings.devices, (std::vector<DeviceSetting>{{"emulator", 2}, {"emulator", 0}}));
  EXPECT_EQ(settings.max_queue_delay, absl::Milliseconds(2));
}

TEST(ConfigFileTest, ReadsJson) {
  Settings settings;
  ASSERT_THAT(
      ApplyConfigText(R"({"store": "/models", "max_batch_tokens": 512})", "sta.json", settings),
      IsOk());
  EXPECT_EQ(settings.store, "/models");
  EXPECT_EQ(settings.max_batch_tokens, 512);
}

TEST(ConfigFileTest, AnEmptyFileChangesNothing) {
  Settings settings;
  EXPECT_THAT(ApplyConfigText("", "sta.yaml", settings), IsOk());
  EXPECT_THAT(ApplyConfigText("# nothing\n", "sta.yaml", settings), IsOk());
  EXPECT_EQ(settings.max_batch_tokens, Settings{}.max_batch_tokens);
}

TEST(ConfigFileTest, RefusesWithLineAndReason) {
  struct Case {
    const char* content;
    const char* message;
  };
  for (const Case& c : {
           Case{"store: /m\nlisten_adress: x\n",
                "c:2: unknown key 'listen_adress'; did you mean 'listen'?"},
           Case{"store: /m\nstroe: x\n", "c:2: unknown key 'stroe'; did you mean 'store'?"},
           Case{"store: /a\nstore: /b\n", "c:2: key 'store' stands here twice"},
           Case{"max_batch_tokens: many\n", "c:1: max_batch_tokens: 'many' is not a number"},
           Case{"store:\n", "c:1: store: a value must be a text"},
           Case{"store: {a: b}\n", "c:1: store: a value must be a text"},
           Case{"devices: [[emulator]]\n", "c:1: devices: a list must hold only texts"},
           Case{"[1, 2]: x\n", "c:1: a key must be a text"},
           Case{"- store\n", "c:1: the file must be a map"},
           Case{"just text", "c:1: the file must be a map"},
           Case{"store: [\n", "not readable as YAML or JSON"},
           Case{"a: *b\n", "not readable as YAML or JSON"},
       }) {
    Settings settings;
    EXPECT_THAT(ApplyConfigText(c.content, "c", settings),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << c.content;
  }
}

TEST(ConfigFileTest, RefusesDeepNestingWithoutCrashing) {
  Settings settings;
  EXPECT_THAT(ApplyConfigText("store: " + std::string(100000, '['), "c", settings),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("not readable")));
}

TEST(ConfigFileTest, ReadsAFileAndRefusesMissingAndHugeOnes) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "config.yaml";
  Settings settings;
  EXPECT_THAT(ApplyConfigFile(path, settings),
              StatusIs(StatusCode::kNotFound, HasSubstr("cannot read")));
  EXPECT_THAT(ApplyConfigFile(directory.path(), settings), StatusIs(StatusCode::kNotFound));
  std::ofstream(path) << "store: /models\n";
  EXPECT_THAT(ApplyConfigFile(path, settings), IsOk());
  EXPECT_EQ(settings.store, "/models");
  std::ofstream(path) << std::string((1 << 20) + 1, '#');
  EXPECT_THAT(ApplyConfigFile(path, settings),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("over 1048576 bytes")));
}

}  // namespace
}  // namespace sta
