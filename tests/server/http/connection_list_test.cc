// SPDX-License-Identifier: Apache-2.0
#include "server/http/connection_list.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "absl/time/clock.h"

namespace sta {
namespace {

// Removes itself when it is closed, as a real one does.
class FakeConnection final : public ConnectionList::Connection {
 public:
  explicit FakeConnection(ConnectionList& list) : list_(list) {}
  void Close() override {
    ++closed;
    list_.Remove(this);
  }
  std::atomic<int> closed = 0;

 private:
  ConnectionList& list_;
};

class ConnectionListTest : public testing::Test {
 protected:
  std::shared_ptr<FakeConnection> Connect() {
    auto connection = std::make_shared<FakeConnection>(list_);
    is_added_ = list_.Add(connection);
    return connection;
  }

  ConnectionList list_{2};
  bool is_added_ = false;
};

TEST_F(ConnectionListTest, ANewOneTakesThePlaceOfTheOneThatWaitsForTheLongest) {
  const auto first = Connect();
  const auto second = Connect();
  // It was answered meanwhile: now the second has been waiting for longer.
  list_.SetAnswering(first.get(), true);
  list_.SetAnswering(first.get(), false);
  const auto third = Connect();
  EXPECT_TRUE(is_added_);
  EXPECT_EQ(first->closed, 0);
  EXPECT_EQ(second->closed, 1);
  EXPECT_EQ(list_.size(), 2U);
}

TEST_F(ConnectionListTest, ThoseThatAreAnsweredKeepTheirPlaces) {
  const auto first = Connect();
  const auto second = Connect();
  list_.SetAnswering(first.get(), true);
  list_.SetAnswering(second.get(), true);
  const auto third = Connect();
  EXPECT_FALSE(is_added_);
  list_.CloseLongestWaiting();
  EXPECT_EQ(first->closed + second->closed, 0);
  EXPECT_EQ(list_.size(), 2U);
}

TEST_F(ConnectionListTest, MakesRoomWhereDescriptorsRunOut) {
  const auto first = Connect();
  const auto second = Connect();
  list_.CloseLongestWaiting();
  EXPECT_EQ(first->closed, 1);
  EXPECT_EQ(second->closed, 0);
}

TEST_F(ConnectionListTest, DrainsThoseThatWaitAtOnceAndTheOthersWhenTheyAreAnswered) {
  const auto waits = Connect();
  const auto answers = Connect();
  list_.SetAnswering(answers.get(), true);
  std::thread draining([&] { list_.Drain(absl::InfiniteFuture()); });
  while (waits->closed == 0) std::this_thread::yield();
  EXPECT_EQ(answers->closed, 0);
  EXPECT_TRUE(list_.is_draining());
  Connect();
  EXPECT_FALSE(is_added_);
  list_.Remove(answers.get());
  draining.join();
}

TEST_F(ConnectionListTest, ClosesTheOthersAtTheDeadline) {
  const auto answers = Connect();
  list_.SetAnswering(answers.get(), true);
  list_.Drain(absl::Now());
  EXPECT_EQ(answers->closed, 1);
}

}  // namespace
}  // namespace sta
