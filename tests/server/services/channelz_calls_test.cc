// SPDX-License-Identifier: Apache-2.0
#include "server/services/channelz_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sta {
namespace {

using testing::Eq;

TEST(ReadChannelzSocketTest, ReadsCallsAndEnds) {
  const std::optional<ConnectionCalls> read = ReadChannelzSocket(R"({"socket":{
      "data":{"streamsStarted":"3000","streamsFailed":"1493","streamsSucceeded":"7"},
      "local":{"tcpip_address":{"ip_address":"fwAAAQ==","port":18001}},
      "ref":{"name":"chttp2 ipv4:127.0.0.1:50834","socketId":"2"},
      "remote":{"tcpip_address":{"ip_address":"AAAAAAAAAAAAAAAAAAAAAQ==","port":50834}}}})");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->id, 2);
  EXPECT_EQ(read->open, 1500);
  EXPECT_EQ(read->local, (Endpoint{.address = {"\x7f\0\0\1", 4}, .port = 18001}));
  EXPECT_EQ(read->remote, (Endpoint{.address = std::string(15, '\0') + '\1', .port = 50834}));
}

TEST(ReadChannelzSocketTest, LeavesOutWhatIsNotThere) {
  const std::optional<ConnectionCalls> read = ReadChannelzSocket(
      R"({"socket":{"ref":{"socketId":"9"},"remote":{"uds_address":{"filename":"/s"}}}})");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->open, 0);
  EXPECT_EQ(read->remote, Endpoint());
  EXPECT_EQ(read->local, Endpoint());
}

TEST(ReadChannelzSocketTest, SurvivesWhatIsNotASocket) {
  for (const char* text :
       {"", "{", "[]", "3", "null", "{}", R"({"socket":[]})", R"({"socket":{"ref":3}})",
        R"({"socket":{"ref":{"socketId":9}}})", R"({"socket":{"ref":{"socketId":"x"}}})"}) {
    EXPECT_THAT(ReadChannelzSocket(text), Eq(std::nullopt)) << text;
  }
  const std::optional<ConnectionCalls> odd = ReadChannelzSocket(
      R"({"socket":{"ref":{"socketId":"9"},"data":{"streamsStarted":"1","streamsFailed":"2"},
          "local":{"tcpip_address":{"ip_address":"?","port":1}},
          "remote":{"tcpip_address":{"ip_address":"fwAAAQ==","port":"1"}}}})");
  ASSERT_TRUE(odd.has_value());
  EXPECT_EQ(odd->open, 0);
  EXPECT_EQ(odd->local, Endpoint());
  EXPECT_EQ(odd->remote, Endpoint());
}

}  // namespace
}  // namespace sta
