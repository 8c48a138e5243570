// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/control_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "strings/str_cat.h"
#include "tests/accel/virtual_card/shim/shim_tester.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta::virtual_xrt {
namespace {

using testing::HasSubstr;

class Client {
 public:
  explicit Client(const std::string& path) : socket_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address = {.sun_family = AF_UNIX};
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Send(std::string_view text) {
    EXPECT_EQ(send(socket_, text.data(), text.size(), MSG_NOSIGNAL), std::ssize(text));
  }

  // Up to the next end of line, or of the connection.
  std::string Receive() {
    std::string line;
    char c = 0;
    while (recv(socket_, &c, 1, 0) == 1 && c != '\n') line += c;
    return line;
  }

 private:
  const int socket_;
};

class ControlChannelTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<ControlChannel>> Listen() {
    return ControlChannel::Listen(path_,
                                  [](std::string_view line) { return StrCat("<", line, ">"); });
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.path() / "control";
};

TEST_F(ControlChannelTest, AnswersEveryLine) {
  const auto channel = Listen();
  ASSERT_THAT(channel, IsOk());
  for (int i = 0; i < 2; ++i) {
    Client client(path_);
    client.Send("one\ntwo\nthr");
    EXPECT_EQ(client.Receive(), "<one>");
    EXPECT_EQ(client.Receive(), "<two>");
    client.Send("ee\n\n");
    EXPECT_EQ(client.Receive(), "<three>");
    EXPECT_EQ(client.Receive(), "<>");
  }
}

TEST_F(ControlChannelTest, LeavesWhoNeverEndsALine) {
  const auto channel = Listen();
  ASSERT_THAT(channel, IsOk());
  Client client(path_);
  client.Send(std::string(5000, 'x'));
  EXPECT_EQ(client.Receive(), "");
  Client next(path_);
  next.Send("next\n");
  EXPECT_EQ(next.Receive(), "<next>");
}

TEST_F(ControlChannelTest, EndsWithAClientConnected) {
  auto channel = Listen();
  ASSERT_THAT(channel, IsOk());
  Client client(path_);
  client.Send("one\nhal");
  EXPECT_EQ(client.Receive(), "<one>");
  channel->reset();
  EXPECT_EQ(client.Receive(), "");
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ControlChannelTest, TakesThePlaceOfAProcessThatWasKilled) {
  {
    const int left = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address = {.sun_family = AF_UNIX};
    std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    ASSERT_EQ(bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    close(left);
  }
  const auto channel = Listen();
  ASSERT_THAT(channel, IsOk());
  Client client(path_);
  client.Send("one\n");
  EXPECT_EQ(client.Receive(), "<one>");
}

TEST_F(ControlChannelTest, IsOfOneProcess) {
  const auto channel = Listen();
  ASSERT_THAT(channel, IsOk());
  EXPECT_THAT(Listen(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(ControlChannelTest, SaysWhatIsWrongWithThePath) {
  const auto listen = [](const std::string& path) {
    return ControlChannel::Listen(path, [](std::string_view) { return ""; }).status();
  };
  EXPECT_THAT(listen(path_ + std::string(200, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("longer than 107 bytes")));
  EXPECT_THAT(listen(directory_.path() / "none" / "control"),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("cannot open the lock file")));
}

class ShimControlTest : public ShimTest {};

TEST_F(ShimControlTest, ListensInTheDirectoryOfTheCards) {
  Client client(Directory() + "/control");
  client.Send("status 1\n");
  EXPECT_EQ(client.Receive(), Control("status 1"));
  client.Send("no command\n");
  EXPECT_THAT(client.Receive(), HasSubstr("error there is no card command"));
}

}  // namespace
}  // namespace sta::virtual_xrt
