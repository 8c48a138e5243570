// SPDX-License-Identifier: Apache-2.0
#include "server/services/call_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace sta {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kAll = std::numeric_limits<int64_t>::max();

class FakeCalls final : public OpenCalls {
 public:
  int64_t Begun() override { return begun; }
  std::vector<ConnectionCalls> ByConnection() override {
    ++counts;
    return connections;
  }

  // `open` of the connection with `id`, whose further calls have just begun.
  void Set(int64_t id, int64_t open) {
    for (ConnectionCalls& connection : connections) {
      if (connection.id != id) continue;
      if (open > connection.open) begun += open - connection.open;
      connection.open = open;
      return;
    }
    connections.push_back({.id = id, .open = open});
    begun += open;
  }

  int64_t begun = 0;
  std::vector<ConnectionCalls> connections;
  int counts = 0;
};

class FakeConnections final : public GuardedConnections {
 public:
  void Admit(int64_t connections) override { admitted.push_back(connections); }
  void End(const ConnectionCalls& connection) override { ended.push_back(connection.id); }

  std::vector<int64_t> admitted;
  std::vector<int64_t> ended;
};

class CallGuardTest : public testing::Test {
 protected:
  FakeCalls calls_;
  FakeConnections connections_;
  CallGuard guard_{100, calls_, connections_};
};

TEST_F(CallGuardTest, CountsOnlyWhereThereMayBeTooMany) {
  for (int i = 0; i < 10; ++i) {
    calls_.Set(1, 5);
    calls_.Set(1, 0);  // all answered: 50 have begun
    guard_.Check();
  }
  EXPECT_EQ(calls_.counts, 0);
  calls_.Set(1, 60);
  guard_.Check();  // there may be 110
  EXPECT_EQ(calls_.counts, 1);
  guard_.Check();  // there are 60
  calls_.Set(1, 100);
  guard_.Check();
  EXPECT_EQ(calls_.counts, 1);
  EXPECT_THAT(connections_.ended, IsEmpty());
  EXPECT_THAT(connections_.admitted, IsEmpty());
}

TEST_F(CallGuardTest, EndsTheLargestUntilTheOthersHaveHalf) {
  calls_.Set(1, 20);
  calls_.Set(2, 30);
  calls_.Set(3, 29);
  calls_.Set(4, 22);
  guard_.Check();
  EXPECT_THAT(connections_.ended, ElementsAre(2, 3));
  EXPECT_THAT(connections_.admitted, ElementsAre(0));
}

TEST_F(CallGuardTest, DoesNotEndWhatIsEndedNorOthersForIt) {
  calls_.Set(1, 10);
  calls_.Set(2, 95);
  guard_.Check();
  guard_.Check();  // its calls are not worked off
  EXPECT_THAT(connections_.ended, ElementsAre(2));
  calls_.Set(3, 41);
  guard_.Check();
  EXPECT_THAT(connections_.ended, ElementsAre(2, 3));
}

TEST_F(CallGuardTest, TakesNewConnectionsOneByOneUntilItHasBeenCalmForAWhile) {
  calls_.Set(1, 101);
  guard_.Check();
  calls_.Set(1, 51);
  guard_.Check();
  EXPECT_THAT(connections_.admitted, ElementsAre(0));
  calls_.Set(1, 50);
  guard_.Check();
  guard_.Check();
  EXPECT_THAT(connections_.admitted, ElementsAre(0, 1, 1));
  calls_.Set(2, 20);  // the new one brought some
  guard_.Check();
  EXPECT_THAT(connections_.admitted, ElementsAre(0, 1, 1));
  calls_.Set(2, 0);
  connections_.admitted.clear();
  for (int i = 0; i < 49; ++i) {
    guard_.Check();
    EXPECT_EQ(connections_.admitted.back(), 1);
  }
  guard_.Check();
  EXPECT_EQ(connections_.admitted.back(), kAll);
  const int before = calls_.counts;
  guard_.Check();
  EXPECT_EQ(calls_.counts, before);
}

TEST_F(CallGuardTest, IsOnGuardAgain) {
  calls_.Set(1, 101);
  guard_.Check();
  calls_.Set(1, 0);
  for (int i = 0; i < 50; ++i) guard_.Check();
  connections_.admitted.clear();
  calls_.Set(1, 102);
  guard_.Check();
  EXPECT_THAT(connections_.ended, ElementsAre(1, 1));
  EXPECT_THAT(connections_.admitted, ElementsAre(0));
}

}  // namespace
}  // namespace sta
