// SPDX-License-Identifier: Apache-2.0
#include "server/services/connection_acceptor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "server/services/listening_sockets.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

class ConnectionAcceptorTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 2; ++i) {
      STA_ASSERT_OK_AND_ASSIGN(ListeningSockets opened, ListeningSockets::Open({"127.0.0.1", 0}));
      listening_.push_back(std::move(opened));
    }
  }

  void Start(int descriptor_limit) {
    ConnectionAcceptor::Options options{.listeners = {}, .descriptor_limit = descriptor_limit};
    for (const ListeningSockets& sockets : listening_) {
      options.listeners.push_back(sockets.sockets().front());
    }
    acceptor_.emplace(
        std::move(options),
        [this](size_t listener, int connection) {
          close(connection);
          const absl::MutexLock lock(&mutex_);
          taken_.push_back(listener);
        },
        [this] { ++refused_; });
  }

  bool Connect(int connection, size_t listener) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(listening_[listener].address().port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }

  static int NewSocket() { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

  // Waits until the server has closed it.
  static ssize_t ReadToTheEnd(int connection) {
    char byte = 0;
    const ssize_t size = recv(connection, &byte, 1, 0);
    close(connection);
    return size;
  }

  std::vector<size_t> WaitForTaken(size_t count) {
    const auto is_there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return taken_.size() >= count;
    };
    const absl::MutexLock lock(&mutex_, absl::Condition(&is_there));
    return taken_;
  }

  std::vector<ListeningSockets> listening_;
  absl::Mutex mutex_;
  std::vector<size_t> taken_ ABSL_GUARDED_BY(mutex_);
  std::atomic<int> refused_ = 0;
  std::optional<ConnectionAcceptor> acceptor_;
};

TEST_F(ConnectionAcceptorTest, HandsOverWhatComesToEachListener) {
  Start(1 << 20);
  for (const size_t listener : {1, 0, 1}) {
    const int connection = NewSocket();
    ASSERT_TRUE(Connect(connection, listener));
    EXPECT_EQ(ReadToTheEnd(connection), 0);
  }
  EXPECT_EQ(WaitForTaken(3), std::vector<size_t>({1, 0, 1}));
  EXPECT_EQ(refused_, 0);
}

TEST_F(ConnectionAcceptorTest, ClosesWhatIsTooMuch) {
  const int next = NewSocket();
  close(next);
  // The client's own end takes `next`, the server's is the one after it.
  Start(next + 1);
  const int connection = NewSocket();
  ASSERT_TRUE(Connect(connection, 0));
  EXPECT_EQ(ReadToTheEnd(connection), 0);
  acceptor_.reset();
  EXPECT_EQ(refused_, 1);
  const absl::MutexLock lock(&mutex_);
  EXPECT_TRUE(taken_.empty());
}

TEST_F(ConnectionAcceptorTest, GoesOnWhenThereAreDescriptorsAgain) {
  Start(1 << 20);
  const int connection = NewSocket();
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = fcntl(connection, F_DUPFD_CLOEXEC, 0);
  close(next);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const bool connected = Connect(connection, 0);  // by the kernel; nobody can take it
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(connected);
  EXPECT_EQ(WaitForTaken(1), std::vector<size_t>({0}));
  close(connection);
}

// More than it takes at a time.
TEST_F(ConnectionAcceptorTest, TakesAllOfManyThatComeAtOnce) {
  Start(1 << 20);
  acceptor_->Admit(0);
  std::vector<int> connections;
  for (int i = 0; i < 50; ++i) {
    connections.push_back(NewSocket());
    ASSERT_TRUE(Connect(connections.back(), i % 2));
  }
  acceptor_->Admit(1 << 20);
  EXPECT_THAT(WaitForTaken(50), testing::Contains(1).Times(25));
  for (const int connection : connections) close(connection);
}

TEST_F(ConnectionAcceptorTest, TakesAsManyAsItIsTold) {
  Start(1 << 20);
  acceptor_->Admit(0);
  std::vector<int> connections;
  for (const size_t listener : {0, 1}) {
    connections.push_back(NewSocket());
    ASSERT_TRUE(Connect(connections.back(), listener));  // by the kernel
  }
  acceptor_->Admit(1);
  WaitForTaken(1);
  {
    const absl::MutexLock lock(&mutex_);
    EXPECT_EQ(taken_.size(), 1);
  }
  acceptor_->Admit(1 << 20);
  EXPECT_THAT(WaitForTaken(2), testing::UnorderedElementsAre(0, 1));
  for (const int connection : connections) close(connection);
}

TEST_F(ConnectionAcceptorTest, ListensNoMoreWhenItIsGone) {
  Start(1 << 20);
  acceptor_.reset();
  const int connection = NewSocket();
  EXPECT_FALSE(Connect(connection, 0));
  close(connection);
}

}  // namespace
}  // namespace sta
