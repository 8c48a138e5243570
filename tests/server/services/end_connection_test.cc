// SPDX-License-Identifier: Apache-2.0
#include "server/services/end_connection.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace sta {
namespace {

constexpr int kDescriptorLimit = 1024;

std::string Loopback() { return {"\x7f\0\0\1", 4}; }

// A connection between two sockets of this process, over IPv4 or IPv6 with IPv4 in it.
class EndConnectionTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    const int listener = socket(GetParam(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) GTEST_SKIP() << "no IPv6 here";
    sockaddr_storage storage{};
    storage.ss_family = static_cast<sa_family_t>(GetParam());
    ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&storage), sizeof(storage)), 0);
    ASSERT_EQ(listen(listener, 1), 0);
    server_port_ = PortOf(listener, getsockname);
    client_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(server_port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(client_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    server_ = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    ASSERT_GE(server_, 0);
    close(listener);
    client_port_ = PortOf(client_, getsockname);
  }

  void TearDown() override {
    if (client_ >= 0) close(client_);
    if (server_ >= 0) close(server_);
  }

  static int PortOf(int descriptor, int (*name_of)(int, sockaddr*, socklen_t*)) {
    sockaddr_storage storage{};
    socklen_t size = sizeof(storage);
    EXPECT_EQ(name_of(descriptor, reinterpret_cast<sockaddr*>(&storage), &size), 0);
    // The port is at the same place in both kinds.
    return ntohs(reinterpret_cast<sockaddr_in&>(storage).sin_port);
  }

  Endpoint Local() const { return {.address = Loopback(), .port = server_port_}; }
  Endpoint Remote() const { return {.address = Loopback(), .port = client_port_}; }

  int client_ = -1;
  int server_ = -1;
  int server_port_ = 0;
  int client_port_ = 0;
};

TEST_P(EndConnectionTest, BothEndsFindItClosedAndWhatWasUnreadIsGone) {
  ASSERT_EQ(send(client_, "abc", 3, 0), 3);
  char bytes[8];
  ASSERT_EQ(recv(server_, bytes, 1, MSG_PEEK), 1);  // it has come
  EXPECT_TRUE(EndConnection(Local(), Remote(), kDescriptorLimit));
  EXPECT_LE(recv(server_, bytes, sizeof(bytes), MSG_DONTWAIT), 0);
  EXPECT_NE(errno, EAGAIN);
  EXPECT_LE(recv(client_, bytes, sizeof(bytes), 0), 0);
  EXPECT_NE(fcntl(server_, F_GETFD), -1) << "the descriptor is its owner's to close";
}

TEST_P(EndConnectionTest, LeavesOthersAlone) {
  Endpoint other = Remote();
  other.port ^= 1;
  EXPECT_FALSE(EndConnection(Local(), other, kDescriptorLimit));
  EXPECT_FALSE(EndConnection(other, Remote(), kDescriptorLimit));
  EXPECT_FALSE(EndConnection(Local(), Remote(), server_));
  other = Remote();
  other.address.back() = 2;
  EXPECT_FALSE(EndConnection(Local(), other, kDescriptorLimit));
  EXPECT_FALSE(EndConnection({}, {}, kDescriptorLimit));
  ASSERT_EQ(send(client_, "a", 1, 0), 1);
  char byte = 0;
  EXPECT_EQ(recv(server_, &byte, 1, 0), 1);
}

TEST(FormatEndpointTest, WritesBothKinds) {
  EXPECT_EQ(FormatEndpoint({.address = Loopback(), .port = 8001}), "127.0.0.1:8001");
  EXPECT_EQ(FormatEndpoint({.address = std::string(15, '\0') + '\1', .port = 2}), "[::1]:2");
  EXPECT_EQ(FormatEndpoint({}), "unknown");
}

INSTANTIATE_TEST_SUITE_P(Families, EndConnectionTest, testing::Values(AF_INET, AF_INET6));

}  // namespace
}  // namespace sta
