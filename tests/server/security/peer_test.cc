// SPDX-License-Identifier: Apache-2.0
#include "server/security/peer.h"

#include <gtest/gtest.h>

namespace sta {
namespace {

TEST(PeerTest, TakesAnAddressWithoutItsPortForAClient) {
  EXPECT_EQ(ClientOf("ipv4:127.0.0.1:4711"), "ipv4:127.0.0.1");
  EXPECT_EQ(ClientOf("ipv6:%5B::1%5D:4711"), "ipv6:%5B::1%5D");
  EXPECT_EQ(ClientOf("unix:/run/sta:1"), "unix:/run/sta:1");
  EXPECT_EQ(ClientOf("ipv4:"), "ipv4");
  EXPECT_EQ(ClientOf(""), "");
}

TEST(PeerTest, KnowsWhoIsOnThisHost) {
  for (const char* peer : {"ipv4:127.0.0.1:4711", "ipv4:127.8.9.1:1", "ipv6:%5B::1%5D:4711",
                           "ipv6:[::1]:4711", "unix:", "unix:/run/sta"}) {
    EXPECT_TRUE(IsLocalPeer(peer)) << peer;
  }
}

TEST(PeerTest, TakesEverybodyElseForAnotherHost) {
  for (const char* peer :
       {"", "unknown", "ipv4:10.0.0.127:1", "ipv4:1.127.0.1:1", "ipv4:128.0.0.1:127",
        "ipv6:%5B::2%5D:1", "ipv6:%5B::1:1%5D:1", "ipv6:%5Bfe80::1%251%5D:4", "ipv6:%5B::%5D:1",
        "127.0.0.1:1", "dns:localhost:1", "ipv4:0.0.0.0:1"}) {
    EXPECT_FALSE(IsLocalPeer(peer)) << peer;
  }
}

}  // namespace
}  // namespace sta
