// SPDX-License-Identifier: Apache-2.0
#include "server/config/nearest_name.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace sta {
namespace {

TEST(EditDistanceTest, CountsInsertionsDeletionsAndReplacements) {
  struct Case {
    std::string_view a, b;
    size_t distance;
  };
  for (const Case& c :
       {Case{"", "", 0}, Case{"", "abc", 3}, Case{"abc", "", 3}, Case{"kitten", "sitting", 3},
        Case{"listen", "lisen", 1}, Case{"same", "same", 0}, Case{"ab", "ba", 2}}) {
    EXPECT_EQ(EditDistance(c.a, c.b), c.distance) << c.a << " " << c.b;
  }
}

TEST(NearestNameTest, FindsWhatWasMeantAndNothingFar) {
  constexpr std::array<std::string_view, 4> kKnown = {"store", "listen", "max_batch_tokens",
                                                      "max_queue_tokens"};
  EXPECT_EQ(NearestName("lisen", kKnown), "listen");
  EXPECT_EQ(NearestName("max-batch-tokens", kKnown), "max_batch_tokens");
  EXPECT_EQ(NearestName("max_queue_token", kKnown), "max_queue_tokens");
  EXPECT_EQ(NearestName("stroe", kKnown), "store");
  EXPECT_EQ(NearestName("verbosity", kKnown), "");
  EXPECT_EQ(NearestName("", kKnown), "");
  EXPECT_EQ(NearestName(std::string(100000, 'a'), kKnown), "");
}

}  // namespace
}  // namespace sta
