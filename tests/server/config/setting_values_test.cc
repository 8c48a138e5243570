// SPDX-License-Identifier: Apache-2.0
#include "server/config/setting_values.h"

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;

TEST(SettingValuesTest, CountsAreWholeNumbersInRange) {
  EXPECT_EQ(*ParseCount("16", 16, 32), 16);
  EXPECT_EQ(*ParseCount("032", 16, 32), 32);
  for (const char* text : {"", " 17", "17 ", "+17", "-17", "1e1", "17.0", "0x11", "15", "33",
                           "99999999999999999999"}) {
    EXPECT_THAT(ParseCount(text, 16, 32),
                StatusIs(StatusCode::kInvalidArgument,
                         AllOf(HasSubstr(std::string("'") + text + "'"),
                               HasSubstr("allowed: a whole number from 16 to 32"))))
        << text;
  }
}

TEST(SettingValuesTest, SizesHaveBinaryUnits) {
  EXPECT_EQ(*ParseByteSize("1024", 1024, 1 << 30), 1024);
  EXPECT_EQ(*ParseByteSize("64KiB", 1024, 1 << 30), 65536);
  EXPECT_EQ(*ParseByteSize("1GiB", 1024, 1 << 30), 1 << 30);
  for (const char* text : {"", "KiB", "1023", "2GiB", "64kb", "64 KiB", "-1KiB", "1.5MiB", "64MB",
                           "9007199254740993GiB"}) {
    EXPECT_THAT(ParseByteSize(text, 1024, 1 << 30),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("from 1KiB to 1GiB")))
        << text;
  }
}

TEST(SettingValuesTest, SizesAreShownAsTheyAreRead) {
  for (int64_t bytes :
       {int64_t{1}, int64_t{1024}, int64_t{1025}, int64_t{64} << 20, int64_t{3} << 30}) {
    EXPECT_EQ(*ParseByteSize(FormatByteSize(bytes), 1, int64_t{1} << 40), bytes);
  }
  EXPECT_EQ(FormatByteSize(64 << 20), "64MiB");
}

TEST(SettingValuesTest, DurationsNeedAUnitAndARange) {
  EXPECT_EQ(*ParseDuration("0", absl::Seconds(10)), absl::ZeroDuration());
  EXPECT_EQ(*ParseDuration("1m30s", absl::Hours(1)), absl::Seconds(90));
  EXPECT_EQ(*ParseDuration("500us", absl::Seconds(10)), absl::Microseconds(500));
  for (const char* text : {"", "5", "-1s", "11s", "inf", "1 s", "5 seconds"}) {
    EXPECT_THAT(ParseDuration(text, absl::Seconds(10)),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("allowed: 0 to 10s")))
        << text;
  }
}

TEST(SettingValuesTest, AddressesHaveAHostAndAPort) {
  EXPECT_EQ(*ParseAddress("127.0.0.1:8001"), (Address{"127.0.0.1", 8001}));
  EXPECT_EQ(*ParseAddress("localhost:0"), (Address{"localhost", 0}));
  EXPECT_EQ(*ParseAddress("[::1]:8001"), (Address{"::1", 8001}));
  EXPECT_EQ(ParseAddress("[::]:65535")->ToString(), "[::]:65535");
  for (const char* text :
       {"", ":", "localhost", "8001", ":8001", "localhost:", "localhost:x", "localhost:65536",
        "localhost:-1", "::1:8001", "[::1:8001", "[]:8001", "a b:1", "http://localhost:1"}) {
    EXPECT_THAT(ParseAddress(text),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("allowed: HOST:PORT")))
        << text;
  }
}

TEST(SettingValuesTest, ListsOfAddressesMayHoldUnixSockets) {
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<Address> addresses,
                           ParseAddresses("127.0.0.1:8001, unix:/run/sta.sock,[::1]:0,[::1]:0"));
  ASSERT_EQ(addresses.size(), 4u);
  EXPECT_EQ(addresses[0], (Address{"127.0.0.1", 8001}));
  EXPECT_EQ(addresses[1], (Address{.path = "/run/sta.sock"}));
  EXPECT_EQ(FormatAddresses(addresses), "127.0.0.1:8001,unix:/run/sta.sock,[::1]:0,[::1]:0");
  for (const char* text : {"", ",", "127.0.0.1:8001,", "127.0.0.1"}) {
    EXPECT_THAT(ParseAddresses(text),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("allowed: HOST:PORT")))
        << text;
  }
  const std::string long_path = "unix:/" + std::string(106, 'x');
  EXPECT_THAT(ParseAddresses(long_path), IsOk());
  for (const std::string& text : {std::string("unix:"), std::string("unix:/"),
                                  std::string("unix:relative"), long_path + "x"}) {
    EXPECT_THAT(ParseAddresses(text),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("allowed: unix:/PATH")))
        << text;
  }
  for (const char* text : {"a:1,a:1", "unix:/a,b:1,unix:/a"}) {
    EXPECT_THAT(ParseAddresses(text),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("every address once")))
        << text;
  }
  std::string many = "a:1";
  for (int port = 2; port <= 17; ++port) many += ",a:" + std::to_string(port);
  EXPECT_THAT(ParseAddresses(many), StatusIs(StatusCode::kInvalidArgument, HasSubstr("1 to 16")));
}

TEST(SettingValuesTest, AddressesOfHttpAreHostsAndPortsOrNone) {
  EXPECT_THAT(ParseHttpAddresses("off"), IsOkAndHolds(std::vector<Address>()));
  EXPECT_THAT(ParseHttpAddresses(""), IsOkAndHolds(std::vector<Address>()));
  EXPECT_THAT(ParseHttpAddresses("a:1, [::1]:0"),
              IsOkAndHolds(std::vector<Address>{{"a", 1}, {"::1", 0}}));
  EXPECT_THAT(ParseHttpAddresses("a:1,unix:/run/sta.sock"),
              StatusIs(StatusCode::kInvalidArgument,
                       "'unix:/run/sta.sock' is no address of HTTP; allowed: HOST:PORT or "
                       "[IPV6]:PORT"));
  EXPECT_THAT(ParseHttpAddresses("a:1,off"), StatusIs(StatusCode::kInvalidArgument));
}

TEST(SettingValuesTest, DevicesAreAListOfKindsWithThreads) {
  const std::vector<DeviceSetting> two = {{"emulator", 0}, {"emulator", 4}};
  EXPECT_EQ(*ParseDevices("emulator, emulator:4"), two);
  EXPECT_EQ(FormatDevices(two), "emulator,emulator:4");
  EXPECT_EQ(*ParseDevices("auto"), std::vector<DeviceSetting>{{"auto"}});
  EXPECT_EQ(FormatDevices(*ParseDevices("emulator=2,xrt:3,xrt:0")),
            "emulator,emulator,xrt:3,xrt:0");
  EXPECT_THAT(ParseDevices("xrt:1,emulator,xrt:1"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("every card once")));
  for (const char* text : {"auto,emulator", "emulator,auto", "xrt:0, auto"}) {
    EXPECT_THAT(ParseDevices(text),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("allowed: auto alone")));
  }
  for (const char* text : {"", "emulator,", "gpu", "emulator:", "emulator:0", "emulator:257",
                           "emulator:-1", "emulator:1:2", "Emulator", "emulator=0", "emulator=65",
                           "xrt", "xrt:", "xrt:64", "xrt:-1"}) {
    EXPECT_THAT(ParseDevices(text),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("allowed: auto, or a list of")))
        << text;
  }
}

TEST(SettingValuesTest, FractionsAreFromNothingToOne) {
  EXPECT_EQ(*ParseFraction("0"), 0.0);
  EXPECT_EQ(*ParseFraction("0.01"), 0.01);
  EXPECT_EQ(*ParseFraction("1"), 1.0);
  for (const char* text : {"", "-0.1", "1.1", "nan", "1%", "one"}) {
    EXPECT_THAT(ParseFraction(text),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("a number from 0 to 1")))
        << text;
  }
}

TEST(SettingValuesTest, DeviceListsAreBounded) {
  std::string text = "emulator";
  for (int i = 1; i < 64; ++i) text += ",emulator";
  EXPECT_EQ(ParseDevices(text)->size(), 64U);
  EXPECT_THAT(ParseDevices(text + ",emulator"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("1 to 64 devices")));
}

TEST(SettingValuesTest, ChoicesListWhatIsAllowed) {
  EXPECT_EQ(*ParseChoice("json", {"text", "json"}), "json");
  EXPECT_THAT(ParseChoice("xml", {"text", "json"}),
              StatusIs(StatusCode::kInvalidArgument, "'xml' is unknown; allowed: text, json"));
}

}  // namespace
}  // namespace sta
