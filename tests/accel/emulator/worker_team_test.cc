// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/worker_team.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <thread>
#include <vector>

namespace sta::emulator {
namespace {

TEST(WorkerTeamTest, EveryMemberRunsEachJobOnce) {
  for (const int members : {1, 2, 5}) {
    WorkerTeam team(members);
    ASSERT_EQ(team.size(), members);
    std::vector<int> runs(static_cast<size_t>(members), 0);
    for (int round = 0; round < 200; ++round) {
      team.Run([&runs](int member) { ++runs[static_cast<size_t>(member)]; });
    }
    EXPECT_EQ(runs, std::vector<int>(static_cast<size_t>(members), 200));
  }
}

TEST(WorkerTeamTest, TheCallerIsMemberZero) {
  WorkerTeam team(3);
  std::vector<std::thread::id> ids(3);
  team.Run([&ids](int member) { ids[static_cast<size_t>(member)] = std::this_thread::get_id(); });
  EXPECT_EQ(ids[0], std::this_thread::get_id());
  EXPECT_NE(ids[1], ids[0]);
  EXPECT_NE(ids[2], ids[0]);
  EXPECT_NE(ids[1], ids[2]);
}

TEST(WorkerTeamTest, EndsWithoutAnyJob) { const WorkerTeam team(4); }

}  // namespace
}  // namespace sta::emulator
