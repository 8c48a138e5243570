// SPDX-License-Identifier: Apache-2.0
#include "server/services/listening_sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::SizeIs;

class ListeningSocketsTest : public testing::Test {
 protected:
  // Whether somebody listens on this port of the host's own address of that family.
  static bool Connects(int family, int port) {
    const int connection = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<uint16_t>(port));
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<uint16_t>(port));
    v6.sin6_addr = in6addr_loopback;
    const bool connected =
        family == AF_INET
            ? connect(connection, reinterpret_cast<const sockaddr*>(&v4), sizeof(v4)) == 0
            : connect(connection, reinterpret_cast<const sockaddr*>(&v6), sizeof(v6)) == 0;
    close(connection);
    return connected;
  }

  static bool HasIpv6() { return ListeningSockets::Open({.host = "::1"}).ok(); }

  TemporaryDirectory directory_;
  const std::string path_ = (directory_.path() / "sta.sock").string();
};

TEST_F(ListeningSocketsTest, TakesAFreePortAndRefusesATakenOne) {
  STA_ASSERT_OK_AND_ASSIGN(const ListeningSockets first, ListeningSockets::Open({"127.0.0.1", 0}));
  EXPECT_GT(first.address().port, 0);
  EXPECT_THAT(first.sockets(), SizeIs(1));
  EXPECT_TRUE(Connects(AF_INET, first.address().port));
  EXPECT_THAT(ListeningSockets::Open(first.address()),
              StatusIs(StatusCode::kUnavailable,
                       HasSubstr("cannot listen on " + first.address().ToString())));
}

TEST_F(ListeningSocketsTest, RefusesAnAddressOfAnotherHost) {
  EXPECT_THAT(ListeningSockets::Open({"192.0.2.1", 0}), StatusIs(StatusCode::kUnavailable));
}

TEST_F(ListeningSocketsTest, EveryAddressIsOfBothKinds) {
  for (const char* host : {"0.0.0.0", "::"}) {
    STA_ASSERT_OK_AND_ASSIGN(const ListeningSockets every, ListeningSockets::Open({host, 0}));
    EXPECT_TRUE(Connects(AF_INET, every.address().port)) << host;
    EXPECT_EQ(Connects(AF_INET6, every.address().port), HasIpv6()) << host;
  }
}

TEST_F(ListeningSocketsTest, TheSocketsOfANameHaveOnePort) {
  STA_ASSERT_OK_AND_ASSIGN(const ListeningSockets named, ListeningSockets::Open({"localhost", 0}));
  EXPECT_TRUE(Connects(AF_INET, named.address().port));
  EXPECT_EQ(named.address().host, "localhost");
}

TEST_F(ListeningSocketsTest, ASocketOnAPathIsForOwnerAndGroup) {
  {
    STA_ASSERT_OK_AND_ASSIGN(const ListeningSockets opened,
                             ListeningSockets::Open({.host = "", .path = path_}));
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(path_).permissions(),
              perms::owner_read | perms::owner_write | perms::group_read | perms::group_write);
    // Not from under a live server.
    EXPECT_THAT(ListeningSockets::Open({.host = "", .path = path_}),
                StatusIs(StatusCode::kUnavailable));
    EXPECT_TRUE(std::filesystem::exists(path_));
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ListeningSocketsTest, ReplacesWhatADeadServerLeft) {
  const int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, path_.size());
  ASSERT_EQ(bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  close(dead);
  EXPECT_THAT(ListeningSockets::Open({.host = "", .path = path_}), IsOk());
}

TEST_F(ListeningSocketsTest, LeavesAFileAlone) {
  std::ofstream(path_) << "text";
  EXPECT_THAT(ListeningSockets::Open({.host = "", .path = path_}),
              StatusIs(StatusCode::kUnavailable));
  EXPECT_TRUE(std::filesystem::is_regular_file(path_));
}

TEST_F(ListeningSocketsTest, RefusesAPathThatIsTooLong) {
  EXPECT_THAT(ListeningSockets::Open({.host = "", .path = "/" + std::string(200, 'x')}),
              StatusIs(StatusCode::kUnavailable));
}

}  // namespace
}  // namespace sta
