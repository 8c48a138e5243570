// SPDX-License-Identifier: Apache-2.0
#include "server/config/setting_table.h"

#include <fstream>
#include <set>
#include <sstream>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::StartsWith;

TEST(SettingTableTest, NamesAreUniqueAndPlain) {
  std::set<std::string_view> names;
  for (const SettingSpec& spec : SettingTable()) {
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_EQ(spec.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos);
    EXPECT_FALSE(spec.help.empty()) << spec.name;
  }
}

TEST(SettingTableTest, EveryDefaultCanBeReadBack) {
  for (const SettingSpec& spec : SettingTable()) {
    const std::string text = spec.show(Settings{});
    if (text.empty()) continue;  // most files have none
    Settings settings;
    EXPECT_THAT(spec.apply(text, settings), IsOk()) << spec.name;
    EXPECT_EQ(spec.show(settings), text) << spec.name;
  }
}

TEST(SettingTableTest, EverySettingReachesItsOwnMember) {
  struct Case {
    std::string_view name, text;
  };
  // One value a setting, none of them its default: setting one must change that one only.
  const std::vector<Case> cases = {{"store", "/models"},
                                   {"listen", "[::]:1"},
                                   {"http_listen", "127.0.0.1:9,[::1]:10"},
                                   {"metrics", "off"},
                                   {"ports_file", "/run/ports"},
                                   {"devices", "emulator:3"},
                                   {"pin_threads", "true"},
                                   {"xclbin", "/sta.xclbin"},
                                   {"xrt_shim", "/libshim.so"},
                                   {"card_timeout", "6s"},
                                   {"audit_fraction", "0.01"},
                                   {"max_batch_tokens", "17"},
                                   {"max_queue_tokens", "18"},
                                   {"max_queue_requests", "19"},
                                   {"max_queue_delay", "3ms"},
                                   {"max_connections", "27"},
                                   {"max_connection_calls", "28"},
                                   {"max_calls", "26"},
                                   {"connection_timeout", "29s"},
                                   {"connection_idle", "31m"},
                                   {"connection_age", "5m"},
                                   {"keepalive_time", "32s"},
                                   {"keepalive_timeout", "33s"},
                                   {"max_message_bytes", "2KiB"},
                                   {"max_rows_per_request", "20"},
                                   {"drain_timeout", "4s"},
                                   {"log_level", "warn"},
                                   {"log_format", "text"},
                                   {"store_read_only", "true"},
                                   {"store_max_bytes", "5GiB"},
                                   {"model_max_bytes", "6MiB"},
                                   {"model_max_versions", "7"},
                                   {"store_min_free_bytes", "8KiB"},
                                   {"upload_expiry", "9m"},
                                   {"keep_versions", "10"},
                                   {"store_poll", "11s"},
                                   {"load_newest", "12"},
                                   {"model_memory", "13MiB"},
                                   {"tls_cert", "/tls.crt"},
                                   {"tls_key", "/tls.key"},
                                   {"tls_client_ca", "/ca.crt"},
                                   {"tokens", "/tokens"},
                                   {"allow_diagnostic_models", "true"},
                                   {"max_total_queue_tokens", "21"},
                                   {"max_total_queue_requests", "22"},
                                   {"overload_wait", "23ms"},
                                   {"client_rate_tokens", "24"},
                                   {"client_rate_requests", "25"},
                                   {"request_memory", "26MiB"},
                                   {"access_log", "0.25"}};
  ASSERT_EQ(cases.size(), SettingTable().size());
  for (const Case& c : cases) {
    Settings settings;
    ASSERT_THAT(ApplySetting(c.name, c.text, settings), IsOk());
    for (const SettingSpec& spec : SettingTable()) {
      EXPECT_EQ(spec.show(settings), spec.name == c.name ? c.text : spec.show(Settings{}))
          << "after setting " << c.name << ", " << spec.name;
    }
  }
}

TEST(SettingTableTest, RefusesUnknownNamesWithTheNearestOne) {
  Settings settings;
  EXPECT_THAT(
      ApplySetting("lisen", "x", settings),
      StatusIs(StatusCode::kInvalidArgument, "unknown key 'lisen'; did you mean 'listen'?"));
  EXPECT_THAT(ApplySetting("verbosity", "3", settings),
              StatusIs(StatusCode::kInvalidArgument,
                       "unknown key 'verbosity'; sta-server --help lists the known ones"));
}

TEST(SettingTableTest, RefusedValuesNameTheSetting) {
  Settings settings;
  EXPECT_THAT(ApplySetting("log_level", "loud", settings),
              StatusIs(StatusCode::kInvalidArgument,
                       "log_level: 'loud' is unknown; allowed: debug, info, warn, error"));
  EXPECT_THAT(ApplySetting("store", "", settings),
              StatusIs(StatusCode::kInvalidArgument, StartsWith("store: the path is empty")));
  EXPECT_THAT(ApplySetting("keepalive_time", "0", settings),
              StatusIs(StatusCode::kInvalidArgument,
                       "keepalive_time: '0' is too short; allowed: 1ms to 24h"));
}

TEST(SettingTableTest, OperationsManualShowsTheTable) {
  std::ifstream file(std::string(STA_TEST_DATA_DIR) + "/../docs/operations.md");
  std::stringstream manual;
  manual << file.rdbuf();
  EXPECT_THAT(manual.str(), HasSubstr(SettingsMarkdown()))
      << "docs/operations.md must hold this table:\n"
      << SettingsMarkdown();
}

// Else one client with one connection, which is what most are, keeps what the server would refuse
// to itself, and its requests wait for seconds.
TEST(SettingTableTest, AConnectionCarriesMoreCallsThanMayWait) {
  EXPECT_GT(Settings().max_connection_calls, Settings().max_queue_requests);
  EXPECT_GT(Settings().max_calls, Settings().max_total_queue_requests);
  EXPECT_GT(Settings().max_calls, Settings().max_connection_calls);
}

}  // namespace
}  // namespace sta
