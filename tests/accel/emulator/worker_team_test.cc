// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/worker_team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace sta::emulator {
namespace {

TEST(WorkerTeamTest, EveryTaskOfEveryPhaseRunsOnce) {
  for (const int members : {1, 2, 5}) {
    WorkerTeam team({.members = members});
    ASSERT_EQ(team.size(), members);
    for (int64_t round = 0; round < 200; ++round) {
      const int64_t phases = 1 + round % 4;
      const int64_t tasks = 1 + round % 7;
      std::vector<int> runs(static_cast<size_t>(phases * tasks), 0);
      team.Run(phases, tasks, [&](int member, int64_t phase, int64_t task) {
        EXPECT_LT(member, members);
        ++runs[static_cast<size_t>(phase * tasks + task)];
      });
      EXPECT_EQ(runs, std::vector<int>(runs.size(), 1)) << "round " << round;
    }
  }
}

TEST(WorkerTeamTest, APhaseBeginsWhenTheOneBeforeIsDone) {
  constexpr int64_t kTasks = 6;
  WorkerTeam team({.members = 4});
  for (int round = 0; round < 300; ++round) {
    std::atomic<int64_t> done = 0;
    team.Run(5, kTasks, [&](int, int64_t phase, int64_t) {
      EXPECT_GE(done.load(), phase * kTasks);
      ++done;
    });
    EXPECT_EQ(done.load(), 5 * kTasks);
  }
}

TEST(WorkerTeamTest, MembersShareTheTasksOfAPhase) {
  WorkerTeam team({.members = 2, .pin_to_cores = true});
  // Each task waits for the other, so they can only end on two members.
  std::atomic<int> begun = 0;
  std::vector<int> members(2);
  team.Run(1, 2, [&](int member, int64_t, int64_t task) {
    members[static_cast<size_t>(task)] = member;
    ++begun;
    while (begun.load() < 2) std::this_thread::yield();
  });
  EXPECT_NE(members[0], members[1]);
}

TEST(WorkerTeamTest, TheCallerIsMemberZero) {
  WorkerTeam team({});
  std::thread::id id;
  team.Run(1, 1, [&](int member, int64_t, int64_t) {
    EXPECT_EQ(member, 0);
    id = std::this_thread::get_id();
  });
  EXPECT_EQ(id, std::this_thread::get_id());
}

TEST(WorkerTeamTest, NoTaskIsNoWork) {
  WorkerTeam team({.members = 2});
  team.Run(3, 0, [](int, int64_t, int64_t) { ADD_FAILURE(); });
}

TEST(WorkerTeamTest, EndsWithoutAnyJob) { const WorkerTeam team({.members = 4}); }

}  // namespace
}  // namespace sta::emulator
