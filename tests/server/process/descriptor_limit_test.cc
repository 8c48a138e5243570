// SPDX-License-Identifier: Apache-2.0
#include "server/process/descriptor_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace sta {
namespace {

TEST(DescriptorLimitTest, RaisesTheLimitToTheHighest) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit lower{.rlim_cur = before.rlim_max / 2, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lower), 0);
  const int64_t raised = RaiseDescriptorLimit();
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  EXPECT_GT(raised, static_cast<int64_t>(lower.rlim_cur));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(DescriptorLimitTest, ConnectionsLeaveRoomForFiles) {
  struct Case {
    int64_t process_limit;
    int64_t max_connections;
    int limit;
  };
  for (const Case& c : {Case{1 << 20, 10'000, 10'032}, Case{20'000, 20'000, 18'976},
                        Case{1024, 10'000, 896}, Case{64, 10'000, 48}, Case{1 << 30, 1, 33}}) {
    EXPECT_EQ(ConnectionDescriptorLimit(c.process_limit, c.max_connections), c.limit)
        << c.process_limit << ", " << c.max_connections;
  }
}

}  // namespace
}  // namespace sta
