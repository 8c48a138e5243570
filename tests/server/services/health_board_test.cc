// SPDX-License-Identifier: Apache-2.0
#include "server/services/health_board.h"

#include <gtest/gtest.h>

#include <memory>

namespace sta {
namespace {

class CountingWatcher : public HealthBoard::Watcher {
 public:
  void Changed() override { ++changed; }
  void Closed() override { ++closed; }

  int changed = 0;
  int closed = 0;
};

TEST(HealthBoardTest, KnowsWhatWasSet) {
  HealthBoard board;
  EXPECT_EQ(board.Get(""), Health::kUnknownName);
  board.Set("", false);
  board.Set("m", true);
  EXPECT_EQ(board.Get(""), Health::kNotServing);
  EXPECT_EQ(board.Get("m"), Health::kServing);
  EXPECT_EQ(board.Get("n"), Health::kUnknownName);
}

TEST(HealthBoardTest, ForgetsWhatIsRemoved) {
  HealthBoard board;
  auto watcher = std::make_shared<CountingWatcher>();
  board.AddWatcher("m", watcher);
  board.Remove("m");
  EXPECT_EQ(watcher->changed, 0) << "it was not known";
  board.Set("m", true);
  board.Remove("m");
  EXPECT_EQ(board.Get("m"), Health::kUnknownName);
  EXPECT_EQ(watcher->changed, 2);
}

TEST(HealthBoardTest, TellsTheWatchersOfTheNameOnly) {
  HealthBoard board;
  auto m = std::make_shared<CountingWatcher>();
  auto n = std::make_shared<CountingWatcher>();
  board.AddWatcher("m", m);
  board.AddWatcher("n", n);
  board.Set("m", true);
  board.Set("m", false);
  board.RemoveWatcher("m", m);
  board.Set("m", true);
  EXPECT_EQ(m->changed, 2);
  EXPECT_EQ(n->changed, 0);
}

TEST(HealthBoardTest, CloseIsForEver) {
  HealthBoard board;
  board.Set("m", true);
  auto early = std::make_shared<CountingWatcher>();
  board.AddWatcher("m", early);
  board.Close();
  board.Set("m", true);
  board.Set("new", true);
  EXPECT_EQ(board.Get("m"), Health::kNotServing);
  EXPECT_EQ(board.Get("new"), Health::kUnknownName);
  EXPECT_EQ(early->closed, 1);
  EXPECT_EQ(early->changed, 0);
  auto late = std::make_shared<CountingWatcher>();
  board.AddWatcher("m", late);
  EXPECT_EQ(late->closed, 1);
}

TEST(HealthBoardTest, KeepsWatchersOnlyWhileAdded) {
  HealthBoard board;
  auto watcher = std::make_shared<CountingWatcher>();
  board.AddWatcher("m", watcher);
  board.AddWatcher("m", watcher);
  EXPECT_EQ(watcher.use_count(), 3);
  board.RemoveWatcher("m", watcher);
  EXPECT_EQ(watcher.use_count(), 2);
  board.RemoveWatcher("m", watcher);
  board.RemoveWatcher("m", watcher);  // not there any more: no effect
  EXPECT_EQ(watcher.use_count(), 1);
}

}  // namespace
}  // namespace sta
