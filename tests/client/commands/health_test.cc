// SPDX-License-Identifier: Apache-2.0
//
// stactl health.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/commands/run_stactl.h"
#include "tests/support/fake_inference_server.h"

namespace sta::client {
namespace {

using testing::HasSubstr;

class HealthCommandTest : public testing::Test {
 protected:
  Outcome Stactl(std::vector<std::string> args) {
    args.insert(args.begin(), {"--server", server_.address(), "health"});
    return RunWith(args);
  }

  FakeInferenceServer server_;
};

TEST_F(HealthCommandTest, SaysThatTheServerServes) {
  const Outcome run = Stactl({});
  EXPECT_EQ(run.code, kExitOk) << run.err;
  EXPECT_EQ(run.out, "SERVING\n");
  EXPECT_EQ(Stactl({"--json"}).out, "{\"state\":\"SERVING\"}\n");
}

TEST_F(HealthCommandTest, SaysThatTheServerLives) {
  const Outcome run = Stactl({"--live"});
  EXPECT_EQ(run.code, kExitOk) << run.err;
  EXPECT_EQ(run.out, "LIVE\n");
}

TEST_F(HealthCommandTest, FailsForWhatDoesNotServe) {
  const Outcome run = Stactl({"--service", "nobody"});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("NOT_FOUND"));
}

TEST_F(HealthCommandTest, FailsWhereNobodyListens) {
  const Outcome run = RunWith({"--server", "unix:/nowhere/sta.sock", "health"});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("UNAVAILABLE"));
}

// That the second question may be answered: tests/system/test_security.py.
TEST_F(HealthCommandTest, AsksWithTlsOnlyWhereTheClearGetsNoAnswer) {
  EXPECT_EQ(Stactl({"--live", "--or-tls"}).out, "LIVE\n");
  EXPECT_THAT(Stactl({"--service", "nobody", "--or-tls"}).err, HasSubstr("NOT_FOUND"));
  const Outcome run = RunWith({"--server", "unix:/nowhere/sta.sock", "health", "--or-tls"});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("UNAVAILABLE"));
}

TEST_F(HealthCommandTest, EitherTheServerLivesOrAModelServes) {
  EXPECT_EQ(Stactl({"--live", "--service", "m"}).code, kExitUsage);
}

}  // namespace
}  // namespace sta::client
