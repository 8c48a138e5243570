// SPDX-License-Identifier: Apache-2.0
//
// stactl devices and the commands below it.
#include "client/commands/devices.h"

#include "tests/client/commands/run_stactl.h"
#include "tests/support/fake_inference_server.h"
#include "tests/support/status_matchers.h"

namespace sta::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class DevicesCommandTest : public testing::Test {
 protected:
  Outcome Stactl(std::vector<std::string> args, const StreamsForTest& streams = {}) {
    args.insert(args.begin(), {"--server", server_.address(), "devices"});
    return RunWith(args, streams);
  }

  // The default list ten seconds later: the emulator was busy for one of them, the card has failed.
  static v1::ListDevicesResponse LaterList() {
    v1::ListDevicesResponse list = FakeDevicesService::DefaultList();
    list.mutable_time()->set_seconds(1110);
    list.mutable_devices(0)->mutable_busy()->set_seconds(26);
    v1::Device& card = *list.mutable_devices(1);
    card.set_state(v1::DEVICE_STATE_QUARANTINED);
    card.set_reason("UNAVAILABLE: hang");
    card.mutable_since()->set_seconds(1109);
    card.mutable_next_attempt()->set_seconds(1111);
    card.mutable_next_attempt()->set_nanos(200'000'000);
    return list;
  }

  FakeInferenceServer server_;
};

TEST_F(DevicesCommandTest, ShowsATable) {
  const Outcome run = Stactl({});
  EXPECT_EQ(run.code, kExitOk) << run.err;
  EXPECT_EQ(run.out,
            "name      kind      state  busy  batches  failures       audits  °C  detail\n"
            "--------  --------  -----  ----  -------  --------  -----------  --  ---------------\n"
            "emulator  emulator  READY   25%    1,234         0            -   -  avx2, 2 threads\n"
            "xrt:0     xrt       READY   50%    1,234         3  1,000/1,001  61  16x16x8\n"
            "arithmetic version 1\n");
}

TEST_F(DevicesCommandTest, TellsWhyADeviceIsOutOfServiceAndWhenItIsTried) {
  server_.devices().SetLists({LaterList()});
  EXPECT_THAT(Stactl({}).out, AllOf(HasSubstr("QUARANTINED"),
                                    HasSubstr("UNAVAILABLE: hang; next attempt in 2s\n")));
  v1::ListDevicesResponse overdue = LaterList();
  overdue.mutable_devices(1)->mutable_next_attempt()->set_seconds(1);
  server_.devices().SetLists({overdue});
  EXPECT_THAT(Stactl({}).out, HasSubstr("; next attempt in 0\n"));
}

TEST_F(DevicesCommandTest, WritesAllAsJson) {
  server_.devices().SetLists({LaterList()});
  const auto json = OrderedJson::parse(Stactl({"--json"}).out);
  EXPECT_EQ(json["arithmetic_version"], 1);
  const OrderedJson& emulator = json["devices"][0];
  EXPECT_EQ(emulator["max_tokens"], 4096);
  EXPECT_EQ(emulator["tokens"], 98765);
  EXPECT_FALSE(emulator.contains("next_attempt"));
  EXPECT_FALSE(emulator.contains("temperature_celsius"));
  const OrderedJson& card = json["devices"][1];
  EXPECT_EQ(card["state"], "QUARANTINED");
  EXPECT_EQ(card["reason"], "UNAVAILABLE: hang");
  EXPECT_EQ(card["since"], "1970-01-01T00:18:29+00:00");
  EXPECT_EQ(card["next_attempt"], "1970-01-01T00:18:31.2+00:00");
  EXPECT_EQ(card["max_in_flight"], 2);
  EXPECT_EQ(card["audit_mismatches"], 1);
  EXPECT_EQ(card["busy_seconds"], 50.0);
  EXPECT_EQ(card["temperature_celsius"], 61.4);
}

TEST_F(DevicesCommandTest, WatchShowsTheBusyShareBetweenTwoViews) {
  server_.devices().SetLists({FakeDevicesService::DefaultList(), LaterList()});
  const Outcome run = Stactl({"--watch"});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("UNAVAILABLE: the server is shutting down"));
  const size_t second = run.out.find("\n\nname");
  ASSERT_NE(second, std::string::npos) << run.out;
  EXPECT_THAT(run.out.substr(0, second), HasSubstr("READY   25%"));
  EXPECT_THAT(run.out.substr(second), HasSubstr("READY         10%"));
  EXPECT_THAT(run.out, Not(HasSubstr("\x1b")));
}

TEST_F(DevicesCommandTest, WatchRedrawsATerminal) {
  server_.devices().SetLists({FakeDevicesService::DefaultList(), LaterList()});
  const Outcome run = Stactl({"--watch"}, {.out_is_terminal = true});
  EXPECT_THAT(run.out, AllOf(testing::StartsWith("\x1b[H\x1b[Jname"),
                             HasSubstr("arithmetic version 1\n\x1b[H\x1b[Jname")));
}

TEST_F(DevicesCommandTest, WatchWritesALineOfJsonAView) {
  server_.devices().SetLists({FakeDevicesService::DefaultList(), LaterList()});
  std::istringstream lines(Stactl({"--watch", "--json"}).out);
  std::string line;
  for (const double share : {0.25, 0.1}) {
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_EQ(OrderedJson::parse(line)["devices"][0]["busy_share"], share);
  }
  EXPECT_FALSE(std::getline(lines, line));
}

TEST_F(DevicesCommandTest, WatchAsksForItsInterval) {
  Stactl({"--watch"});
  Stactl({"--watch", "--interval", "2.5s"});
  const auto requests = server_.devices().watch_requests();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_EQ(requests[0].interval().seconds(), 1);
  EXPECT_EQ(requests[1].interval().seconds(), 2);
  EXPECT_EQ(requests[1].interval().nanos(), 500'000'000);
  EXPECT_THAT(Stactl({"--interval", "2s"}).err, HasSubstr("--interval requires --watch"));
}

TEST_F(DevicesCommandTest, BusyShareKeepsToItsRange) {
  const DeviceInfo device = {.name = "d", .state = "READY", .busy = absl::Seconds(11)};
  const DeviceList list = {.devices = {device},
                           .time = absl::FromUnixSeconds(10),
                           .counting_since = absl::FromUnixSeconds(0)};
  EXPECT_EQ(DevicesJson(list, nullptr)["devices"][0]["busy_share"], 1.0);
  EXPECT_EQ(DevicesJson(list, &list)["devices"][0]["busy_share"], 0.0);  // no time has passed
}

TEST_F(DevicesCommandTest, QuarantineSendsReasonAndForce) {
  const Outcome run = Stactl({"quarantine", "xrt:0", "--reason", "new fan"});
  EXPECT_EQ(run.code, kExitOk) << run.err;
  EXPECT_EQ(run.out, "xrt:0 gets no more batches until: stactl devices release xrt:0\n");
  Stactl({"quarantine", "emulator", "--force"});
  const auto requests = server_.devices().quarantine_requests();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_EQ(requests[0].name(), "xrt:0");
  EXPECT_EQ(requests[0].reason(), "new fan");
  EXPECT_FALSE(requests[0].force());
  EXPECT_EQ(requests[1].reason(), "");
  EXPECT_TRUE(requests[1].force());
}

TEST_F(DevicesCommandTest, SaysWhyADeviceIsNotTaken) {
  server_.devices().SetLists({LaterList()});
  const Outcome last = Stactl({"quarantine", "emulator"});
  EXPECT_EQ(last.code, kExitFailed);
  EXPECT_EQ(last.err, "stactl devices quarantine: FAILED_PRECONDITION: no other device is ready\n");
  EXPECT_EQ(last.out, "");
  EXPECT_EQ(Stactl({"quarantine", "emulator", "--force", "--json"}).out,
            "{\"name\":\"emulator\",\"done\":true}\n");
  EXPECT_THAT(Stactl({"quarantine", "nobody"}).err, HasSubstr("NOT_FOUND: unknown device"));
}

TEST_F(DevicesCommandTest, Releases) {
  const Outcome run = Stactl({"release", "xrt:0"});
  EXPECT_EQ(run.code, kExitOk) << run.err;
  EXPECT_EQ(run.out, "xrt:0 is tested and back in service when it passes: stactl devices\n");
  EXPECT_EQ(server_.devices().release_requests().at(0).name(), "xrt:0");
  const Outcome unknown = Stactl({"release", "nobody"});
  EXPECT_EQ(unknown.code, kExitFailed);
  EXPECT_EQ(unknown.err, "stactl devices release: NOT_FOUND: unknown device 'nobody'\n");
  EXPECT_THAT(unknown.out, IsEmpty());
}

TEST_F(DevicesCommandTest, RefusesAWrongCommandLine) {
  EXPECT_THAT(Stactl({"quarantine"}).err, HasSubstr("NAME is required"));
  EXPECT_THAT(Stactl({"relase", "x"}).err, HasSubstr("did you mean 'release'?"));
  EXPECT_THAT(server_.devices().release_requests(), IsEmpty());
}

}  // namespace
}  // namespace sta::client
